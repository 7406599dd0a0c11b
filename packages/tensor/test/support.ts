import "@tensorflow/tfjs-backend-cpu";
import { env, setBackend } from "@tensorflow/tfjs-core";
import { beforeAll, expect } from "vitest";
import type { Tensor } from "../src/index.ts";

/** Computes on the cpu backend, silently. */
export function useCpu(): void {
  beforeAll(async () => {
    env().set("PROD", true);
    await setBackend("cpu");
  });
}

/** Fails where a value differs by more than `tolerance` of its size, or of 1 where it is smaller. */
export function expectValues(actual: Tensor | undefined, expected: readonly number[], tolerance = 2e-6): void {
  const values = [...actual!.dataSync<"float32">()];
  expect(values.length).toBe(expected.length);
  const worst = Math.max(
    ...expected.map((value, index) => Math.abs(values[index]! - value) / Math.max(1, Math.abs(value))),
  );
  expect(worst, `found ${values}, expected ${expected}`).toBeLessThanOrEqual(tolerance);
}
