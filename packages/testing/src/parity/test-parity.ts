import type { Architecture, Engine, Feed, StepDefinition } from "@blora/spec";
import type { Tensor } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { useCpuBackend } from "../cpu-backend.ts";
import { expectAllClose, valuesOf } from "../values.ts";
import {
  type ReferenceCase,
  type ReferenceModel,
  readReferenceModel,
  referenceInputs,
  referenceLoss,
  toBatch,
} from "./reference-model.ts";

const TOLERANCE = { relative: 1e-4, absolute: 1e-5 };

/**
 * Registers tests that hold an architecture, run by an engine, to the logits,
 * losses and low-rank gradients that another implementation wrote down.
 *
 * @param folders reference models, as `readReferenceModel` reads them
 */
export function testParity<Config>(
  architecture: Architecture<Config>,
  folders: readonly URL[],
  createEngine: () => Engine,
): void {
  describe("parity with the reference implementation", () => {
    useCpuBackend();

    test.each(folders.map((folder) => [folder.pathname.split("/").at(-2)!, folder] as const))(
      "gives its logits, loss and gradients for %s",
      async (_, folder) => {
        const model = readReferenceModel(folder);
        const sites = architecture.sites(architecture.parseConfig(model.json));
        const keys = sites.flatMap(({ path }) => [`${path}/A`, `${path}/B`]);
        expect([...model.expected.keys()].filter((key) => key.startsWith("adapter/"))).toHaveLength(keys.length);
        const engine = createEngine();
        for (const title of Object.keys(model.cases)) await runCase(engine, architecture, model, title, keys);
        await engine.release();
      },
    );
  });
}

async function runCase<Config>(
  engine: Engine,
  architecture: Architecture<Config>,
  model: ReferenceModel,
  title: string,
  keys: readonly string[],
): Promise<void> {
  const expected = (key: string): Float32Array => Float32Array.from(valuesOf(model.expected.get(key)!));
  const reference = model.cases[title]!;
  const batch = toBatch(reference) as unknown as Record<string, Tensor>;
  const step: StepDefinition = {
    name: title,
    mode: "train",
    inputs: Object.fromEntries(
      Object.entries(batch).map(([name, { shape, dtype }]) => [name, { shape, dtype: dtype as "int32" | "float32" }]),
    ),
    trainable: Object.fromEntries(keys.map((key) => [key, model.expected.get(`adapter/${key}`)!.shape])),
    frozen: model.stored,
    compute({ input, trainable, frozen, context }) {
      const matrices = new Map(Object.entries(trainable));
      const inputs = referenceInputs(architecture, model, input as never, matrices, context, frozen);
      const logits = architecture.forward(inputs);
      return { loss: referenceLoss(model.head, logits, reference.labels), outputs: { logits } };
    },
  };
  const compiled = await engine.compile(step);
  const result = await compiled.run(
    Object.fromEntries(Object.entries(batch).map(([name, tensor]) => [name, tensor.dataSync() as Feed])),
    Object.fromEntries(keys.map((key) => [key, expected(`adapter/${key}`)])),
    { seed: 0, step: 0 },
  );
  const known = (logits: Float32Array): Float32Array => withoutPadding(model, reference, logits);
  expectAllClose(known(result.outputs.logits!), known(expected(`${title}/logits`)), TOLERANCE);
  expectAllClose(result.loss!, expected(`${title}/loss`), TOLERANCE);
  for (const key of keys) expectAllClose(result.gradients[key]!, expected(`${title}/gradient/${key}`), TOLERANCE);
  await compiled.release();
}

/** Logits of tokens without those of padding, which mean nothing; other heads have no such logits. */
function withoutPadding({ head }: ReferenceModel, batch: ReferenceCase, logits: Float32Array): Float32Array {
  if (head.kind !== "token-classification") return logits;
  const mask = batch.attention_mask.flat();
  const C = logits.length / mask.length;
  return logits.filter((_, index) => mask[Math.floor(index / C)] === 1);
}
