import { describe, expect, it } from "vitest";
import { estimateMemory, memoryWarning, plannedMemory } from "../src/memory.ts";

describe("estimateMemory (row 47)", () => {
  it("counts weights once, trainables four times, and activations of every linear map", () => {
    const frozen = [{ shape: [10, 20], storage: "bf16", source: new Uint8Array() }] as const;
    const linears = [{ path: "a", role: "a", inFeatures: 3, outFeatures: 5 }];
    const facts = { frozen, linears, trainableParameters: 7, batchSize: 2, length: 16 };
    expect(estimateMemory(facts)).toBe(4 * (200 + 4 * 7 + 2 * 16 * 8 * 4));
  });

  it("suggests smaller passes or shorter texts where the estimate exceeds what is free", () => {
    expect(memoryWarning(2 ** 30, 2 ** 31, 32, 128)).toBeUndefined();
    expect(memoryWarning(3 * 2 ** 30, 2 ** 31, 32, 128)).toBe(
      "Training may need about 3.0 GiB, and 2.0 GiB are free. Set maxTokensPerPass below 4096, which changes no update, or lower maxSeqLength (128).",
    );
  });
});

describe("plannedMemory", () => {
  it("adds the weights as they are stored, and what AdamW keeps of each trainable", () => {
    const frozen = [
      { shape: [10, 20], storage: "bf16", source: new Uint8Array() },
      { shape: [5], storage: "f32", source: new Float32Array() },
    ] as const;
    const plan = { macs: 1, nodes: 1, peakBytes: 1000 };
    expect(plannedMemory(plan, frozen, 7, true)).toBe(1000 + 2 * 200 + 4 * 5 + 4 * 2 * 7);
    expect(plannedMemory(plan, frozen, 7, false)).toBe(1000 + 2 * 200 + 4 * 5);
  });
});
