import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bops } from "@blora/bops";
import { acceptabilityExamples, builtinModelFolder, builtinTask } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import { blora, full, lora } from "@blora/lora";
import { debertaV2 } from "@blora/model-deberta-v2";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { Method } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { loadTokenizer } from "@blora/tokenizer";
import { evaluate, type RunParts, train } from "@blora/trainer";
import { openCheckpoint } from "@blora/weights";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LoadedModel, type LoadModelOptions, loadModel } from "../src/index.ts";

const ROWS = 12;
const texts = acceptabilityExamples("validation", ROWS).map(({ first }) => first);
const quantizer = uniform({ bits: [0, 2, 4] });
const siteQuantizer = bayesianBits({ gate: hardConcrete(), maxBits: 4 });
const phases = { warmup: 0.5, gates: 0, settle: 0.5 };
const scopes = {
  site: blora({ rank: 2, quantizer, siteQuantizer, phases, scope: "site", bopsTarget: 0.15 }),
  "adapter+activations": blora({
    rank: 2,
    quantizer,
    siteQuantizer,
    phases,
    scope: "adapter+activations",
    bopsTarget: 0.1,
  }),
  adapter: blora({ rank: 2, quantizer, phases, bopsTarget: 0.1 }),
} as const;

/** Both round W0 and activations to 4 bits, so that their layouts are the same. */
const onGrid = (grid: "mid-rise" | "absmax"): Method =>
  blora({
    rank: 2,
    quantizer: uniform({ bits: 2 }),
    siteQuantizer: uniform({ bits: 4, grid }),
    phases,
    scope: "site",
  });
const grids = { "mid-rise": onGrid("mid-rise"), absmax: onGrid("absmax") } as const;

let folder: string;
let model: LoadedModel;
const engine = onnx({ threads: 1 });
const adapterOf = (scope: string): string => join(folder, scope, "adapter");

async function runOf(method: Method): Promise<RunParts> {
  return {
    architecture: debertaV2(),
    method,
    task: builtinTask({ trainRows: 64, validationRows: ROWS }),
    costModel: bops(),
    engine,
    tokenizer: await loadTokenizer(builtinModelFolder()),
    checkpoint: openCheckpoint(builtinModelFolder()),
    model: builtinModelFolder(),
  };
}

/** What the published score is made from. */
async function evaluatedLogits(method: Method, adapterDirectory: string): Promise<Float32Array> {
  const { splits } = await evaluate({ ...(await runOf(method)), adapterDirectory });
  return splits.validation!.logits;
}

const options = (): LoadModelOptions => {
  return { model: builtinModelFolder(), architecture: debertaV2(), engine, tokenizer: loadTokenizer };
};
const flat = (rows: readonly Float32Array[]): Float32Array => Float32Array.from(rows.flatMap((row) => [...row]));
const apart = (a: Float32Array, b: Float32Array): number => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-forms-"));
  for (const [scope, method] of Object.entries({ ...scopes, ...grids, full: full() })) {
    await train({
      ...(await runOf(method)),
      outputDirectory: join(folder, scope),
      arguments: { maxSteps: 6, perDeviceTrainBatchSize: 8, learningRate: 5e-3, seed: 1 },
    });
  }
  model = await loadModel(options());
}, 120_000);
afterAll(async () => {
  await model.release();
  await engine.release();
  await rm(folder, { recursive: true, force: true });
});

describe.each(["site", "adapter+activations"] as const)("an adapter of scope %s", (scope) => {
  it("is computed as evaluation computes it, with its method", async () => {
    const adapted = await model.loadAdapter(adapterOf(scope), { method: scopes[scope] });
    expect(adapted.form).toBe("trained");
    const expected = await evaluatedLogits(scopes[scope], adapterOf(scope));
    expectAllClose(flat(await adapted.logits(texts)), expected, { absolute: 2e-5 });
  });

  it("is refused without it, and computes something else as plain LoRA", async () => {
    await expect(model.loadAdapter(adapterOf(scope))).rejects.toThrow(
      `${adapterOf(scope)}: evaluation rounds more than the adapter (scope ${scope}), which plain LoRA does not: expected the method method/blora, found none.`,
    );
    const plain = await model.loadAdapter(adapterOf(scope), { form: "plain" });
    expect(plain.form).toBe("plain");
    const expected = await evaluatedLogits(scopes[scope], adapterOf(scope));
    expect(apart(flat(await plain.logits(texts)), expected)).toBeGreaterThan(1e-3);
  });
});

describe("an adapter of scope adapter", () => {
  it("is plain LoRA by default, which computes what evaluation does", async () => {
    const adapted = await model.loadAdapter(adapterOf("adapter"));
    expect(adapted.form).toBe("plain");
    const expected = await evaluatedLogits(scopes.adapter, adapterOf("adapter"));
    expectAllClose(flat(await adapted.logits(texts)), expected, { absolute: 2e-5 });
    const trained = await model.loadAdapter(adapterOf("adapter"), { form: "trained", method: scopes.adapter });
    expect(trained.form).toBe("trained");
    expectAllClose(flat(await trained.logits(texts)), expected, { absolute: 2e-5 });
  });
});

describe("a network that was trained whole", () => {
  it("is computed as evaluation computes it, with its method, without which it is refused", async () => {
    const adapted = await model.loadAdapter(adapterOf("full"), { method: full() });
    expect(adapted.form).toBe("trained");
    const expected = await evaluatedLogits(full(), adapterOf("full"));
    expectAllClose(flat(await adapted.logits(texts)), expected, { absolute: 2e-5 });
    await expect(model.loadAdapter(adapterOf("full"))).rejects.toThrow(
      `${adapterOf("full")}: it holds no plain LoRA: expected the method method/full, found none.`,
    );
  });
});

describe("adapters of one layout and different grids", () => {
  it("share no compiled step", async () => {
    for (const grid of ["mid-rise", "absmax"] as const) {
      const adapted = await model.loadAdapter(adapterOf(grid), { form: "trained", method: grids[grid] });
      const alone = await loadModel(options());
      const own = await alone.loadAdapter(adapterOf(grid), { form: "trained", method: grids[grid] });
      expectAllClose(flat(await adapted.logits(texts)), flat(await own.logits(texts)), { absolute: 0 });
      await alone.release();
    }
  });
});

describe("an adapter that rounds activations by scales of their own", () => {
  it.each(["mid-rise", "absmax"] as const)(
    "gives a text the same logits whatever else is in its batch, on the grid %s",
    async (grid) => {
      const adapted = await model.loadAdapter(adapterOf(grid), { form: "trained", method: grids[grid] });
      const [text, ...others] = texts;
      const [first] = await adapted.logits([text!, others[0]!]);
      for (const other of others.slice(1, 4)) {
        const [again] = await adapted.logits([text!, other]);
        expectAllClose(again!, first!, { absolute: 1e-6 });
      }
    },
  );
});

describe("a method with other options than the adapter was trained with", () => {
  it("is refused, and every option that differs is named", async () => {
    const other = blora({ rank: 2, alpha: 8, quantizer: uniform({ bits: [0, 2, 4] }), phases, bopsTarget: 0.2 });
    await expect(evaluatedLogits(other, adapterOf("adapter"))).rejects.toThrow(
      "expected the method it was trained with, found other options (options.bopsTarget: 0.1 -> 0.2; options.alpha: 4 -> 8).",
    );
  });

  it("goes on from the plain update at the scale it was trained with", async () => {
    const expected = await evaluatedLogits(scopes.adapter, adapterOf("adapter"));
    expectAllClose(await evaluatedLogits(lora({ rank: 4, alpha: 64 }), adapterOf("adapter")), expected, {
      absolute: 2e-5,
    });
  });
});
