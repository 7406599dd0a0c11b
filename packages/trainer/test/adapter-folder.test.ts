import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readAdapter, readAdapterDescription } from "@blora/adapters";
import { lora } from "@blora/lora";
import type { Method } from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
import { expectAllClose } from "@blora/testing";
import { readTensors, writeSafetensors } from "@blora/weights";
import { describe, expect, it } from "vitest";
import { evaluate } from "../src/evaluate.ts";
import type { EvaluateRun } from "../src/run.ts";
import { train } from "../src/train.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { gatedLora, H, letterExamples, letterTask, plainLora, tokenizer } from "./tiny-problem.ts";
import { RESUME_ARGUMENTS, recorder, TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

async function trainedAdapter(): Promise<string> {
  const out = temporaryFolder();
  await train(tinyRun(out, { method: gatedLora(), arguments: RESUME_ARGUMENTS }));
  return join(out, "adapter");
}

function evaluateRun(change: Partial<EvaluateRun>): EvaluateRun {
  const { outputDirectory: _, arguments: __, ...parts } = tinyRun("unused", { method: gatedLora() });
  return { ...parts, arguments: { padToMultipleOf: 8 }, ...change };
}

/** x·Wᵀ + b in float64, W [O, I]. */
function linear(x: readonly number[], weight: HostTensor, bias?: HostTensor): number[] {
  const [O, I] = weight.shape as [number, number];
  return Array.from({ length: O }, (_, o) =>
    x.reduce((sum, value, i) => sum + value * weight.values[o * I + i]!, bias?.values[o] ?? 0),
  );
}

function product(B: HostTensor, A: HostTensor): HostTensor {
  const [O, R] = B.shape as [number, number];
  const I = A.shape[1]!;
  const values = new Float32Array(O * I);
  for (let o = 0; o < O; o++) {
    for (let i = 0; i < I; i++) {
      for (let r = 0; r < R; r++) values[o * I + i] = values[o * I + i]! + B.values[o * R + r]! * A.values[r * I + i]!;
    }
  }
  return { shape: [O, I], values };
}

describe("training that goes on from an adapter of PEFT", () => {
  /** The adapter's files of PEFT alone, without some tensors. */
  function peftAlone(adapter: string, isLeftOut: (name: string) => boolean): string {
    const folder = temporaryFolder();
    const tensors = [...readTensors(join(adapter, "adapter_model.safetensors"))].filter(([name]) => !isLeftOut(name));
    writeSafetensors(
      join(folder, "adapter_model.safetensors"),
      new Map(
        tensors.map(([name, { shape, values }]) => [name, { type: "F32", shape, values: values as Float32Array }]),
      ),
    );
    writeFileSync(join(folder, "adapter_config.json"), readFileSync(join(adapter, "adapter_config.json")));
    return folder;
  }

  const notesOf = async (adapterDirectory: string): Promise<string[]> => {
    const { events, onEvent } = recorder();
    const args = { ...TINY_ARGUMENTS, maxSteps: 1 };
    await train(tinyRun(temporaryFolder(), { method: lora({ rank: 2 }), adapterDirectory, onEvent, arguments: args }));
    return events.flatMap((event) => (event.type === "note" ? [event.message] : []));
  };

  it("reads a head that was saved with it, and says which tensors of one are drawn", async () => {
    const out = temporaryFolder();
    await train(tinyRun(out, { method: lora({ rank: 2 }), arguments: RESUME_ARGUMENTS }));
    const adapter = join(out, "adapter");
    expect(await notesOf(peftAlone(adapter, () => false))).toEqual([]);
    const without = peftAlone(adapter, (name) => name.includes("classifier.bias"));
    expect(await notesOf(without)).toEqual([
      `${without}: the head tensors classifier.bias are neither in the adapter nor in the model: they start drawn.`,
    ]);
    const bare = peftAlone(adapter, (name) => name.includes("classifier"));
    expect(await notesOf(bare)).toEqual([
      `${bare}: the head tensors classifier.weight, classifier.bias are neither in the adapter nor in the model: they start drawn.`,
    ]);
    await expect(evaluate(evaluateRun({ adapterDirectory: bare, method: lora({ rank: 2 }) }))).rejects.toThrow(
      `${bare}: expected the head tensors classifier.weight, classifier.bias, found them neither in the adapter nor in the checkpoint.`,
    );
  });
});

describe("writeAdapter", () => {
  it("writes plain LoRA as PEFT names it", async () => {
    const adapter = await trainedAdapter();
    expect(JSON.parse(readFileSync(join(adapter, "adapter_config.json"), "utf8"))).toEqual({
      alpha_pattern: { "layer.0.up": 2, "layer.0.down": 2 },
      base_model_name_or_path: "tiny",
      bias: "none",
      fan_in_fan_out: false,
      inference_mode: true,
      init_lora_weights: true,
      lora_alpha: 2,
      lora_dropout: 0,
      modules_to_save: ["classifier"],
      peft_type: "LORA",
      r: 2,
      rank_pattern: { "layer.0.up": 2, "layer.0.down": 2 },
      target_modules: ["layer.0.up", "layer.0.down"],
      task_type: "SEQ_CLS",
      use_dora: false,
      use_rslora: false,
    });
    const tensors = readTensors(join(adapter, "adapter_model.safetensors"));
    expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual({
      "base_model.model.classifier.bias": [2],
      "base_model.model.classifier.weight": [2, H],
      "base_model.model.layer.0.down.lora_A.weight": [2, H],
      "base_model.model.layer.0.down.lora_B.weight": [H, 2],
      "base_model.model.layer.0.up.lora_A.weight": [2, H],
      "base_model.model.layer.0.up.lora_B.weight": [H, 2],
    });
  });

  it("exports what evaluation computes: W + B·A and the head give the same logits", async () => {
    const adapter = await trainedAdapter();
    const exported = readTensors(join(adapter, "adapter_model.safetensors"));
    const run = evaluateRun({ adapterDirectory: adapter });
    const { splits } = await evaluate(run);
    const base = (name: string): HostTensor => ({
      shape: run.checkpoint.tensors.get(name)!.shape,
      values: run.checkpoint.read(name),
    });
    const own = (name: string): HostTensor => exported.get(`base_model.model.${name}`)!;
    const adapted = (path: string, x: readonly number[], bias?: HostTensor): number[] => {
      const update = linear(x, product(own(`${path}.lora_B.weight`), own(`${path}.lora_A.weight`)));
      return linear(x, base(`${path}.weight`), bias).map((value, o) => value + update[o]!);
    };
    const embedding = base("embedding.weight");
    letterExamples(40, "validation")
      .slice(0, 5)
      .forEach(({ first }, row) => {
        const { inputIds } = tokenizer.assemble(tokenizer.encode(first), undefined, 24);
        const hidden = inputIds.map((id) => {
          const x = Array.from(embedding.values.subarray(id * H, (id + 1) * H));
          return adapted("layer.0.down", adapted("layer.0.up", x, base("layer.0.up.bias")).map(Math.tanh));
        });
        const mean = hidden[0]!.map((_, h) => hidden.reduce((sum, token) => sum + token[h]!, 0) / hidden.length);
        const logits = linear(mean, own("classifier.weight"), own("classifier.bias"));
        for (const [c, logit] of logits.entries()) expect(splits.validation!.logits[2 * row + c]).toBeCloseTo(logit, 4);
      });
  });

  it("writes a valid adapter where every rank is closed, and training warns (row 46)", async () => {
    const out = temporaryFolder();
    const closed: Method = {
      ...plainLora(),
      training: {
        beforeStep(store, { step }) {
          if (step === 1) for (const { path } of store.sites) store.update(path, { layout: { rank: 0 } });
        },
      },
      summary: (_site, { layout }) => ({ rank: layout.rank as number, bits: { A: 2, B: 2 } }),
      export: () => undefined,
    };
    const summary = await train(tinyRun(out, { method: closed, arguments: { ...TINY_ARGUMENTS, maxSteps: 2 } }));
    expect(summary.warnings).toContain(
      "Every site ended with rank 0: the adapter changes nothing but the head. The penalty is too strong.",
    );
    const config = JSON.parse(readFileSync(join(out, "adapter", "adapter_config.json"), "utf8"));
    expect(config).toMatchObject({ r: 1, target_modules: ["layer.0.up"], rank_pattern: { "layer.0.up": 1 } });
    const tensors = readTensors(join(out, "adapter", "adapter_model.safetensors"));
    expect(tensors.get("base_model.model.layer.0.up.lora_A.weight")).toEqual({
      shape: [1, H],
      values: new Float32Array(H),
    });
  });
});

describe("evaluate on an adapter folder", () => {
  it("gives the loss and scores training reported, to the last bit", async () => {
    const out = temporaryFolder();
    const summary = await train(tinyRun(out, { method: gatedLora(), arguments: RESUME_ARGUMENTS }));
    const { splits, ranks, bops } = await evaluate(
      evaluateRun({
        adapterDirectory: join(out, "adapter"),
        arguments: { padToMultipleOf: 8, perDeviceEvalBatchSize: 16 },
      }),
    );
    expect({ loss: splits.validation!.loss, scores: splits.validation!.scores }).toEqual(
      summary.metrics.best!.splits.validation,
    );
    expect({ ranks, bops }).toEqual({ ranks: summary.ranks, bops: summary.bops });
  });

  it("gives logits and no scores for a split without labels (row 31)", async () => {
    const unlabelled = letterExamples(5, "test").map(({ label: _, ...example }) => example);
    const { splits } = await evaluate(evaluateRun({ task: letterTask({ test: unlabelled }), splits: ["test"] }));
    expect(splits.test).toMatchObject({ rows: 5, loss: undefined, scores: undefined });
    expect(splits.test!.logits).toHaveLength(10);
  });

  it("keeps the rows in the order of the split, whatever their length and batch", async () => {
    const one = await evaluate(evaluateRun({ arguments: { padToMultipleOf: 24, perDeviceEvalBatchSize: 40 } }));
    const many = await evaluate(evaluateRun({ arguments: { padToMultipleOf: 4, perDeviceEvalBatchSize: 3 } }));
    expectAllClose(many.splits.validation!.logits, one.splits.validation!.logits, { absolute: 1e-5 });
  });

  it("refuses labels in another order (row 32)", async () => {
    const adapter = await trainedAdapter();
    const task = { ...letterTask(), head: { kind: "classification", labels: ["odd", "even"] } as const };
    await expect(evaluate(evaluateRun({ adapterDirectory: adapter, task }))).rejects.toThrow(
      `${adapter}: expected an adapter for the labels odd, even, found one for the labels even, odd.`,
    );
  });

  it("says what is wrong with a folder that holds no adapter, or a damaged one", async () => {
    const empty = temporaryFolder();
    await expect(readAdapterDescription(empty)).rejects.toThrow(
      `${empty}: expected a trained adapter with a blora_config.json`,
    );
    writeFileSync(join(empty, "blora_config.json"), "{}");
    await expect(readAdapter(empty)).rejects.toThrow("expected formatVersion 3, found none.");
    const adapter = await trainedAdapter();
    rmSync(join(adapter, "blora_model.safetensors"));
    await expect(readAdapter(adapter)).rejects.toThrow("blora_model.safetensors");
  });
});
