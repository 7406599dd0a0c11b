import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readAdapterDescription } from "@blora/adapters";
import { graphName, onnx, traceStep } from "@blora/engine-onnx";
import { type AdaptedModel, loadModel } from "@blora/inference";
import { phi } from "@blora/model-phi";
import { qwen2 } from "@blora/model-qwen2";
import type { Architecture, ComponentManifest, Engine, Method, StepDefinition, Tokenizer } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { loadTokenizer } from "@blora/tokenizer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registry } from "../../apps/cli/src/registry.ts";
import { splitSteady } from "../../packages/engine-onnx/src/graph/split-steady.ts";
import { adapterOf, trainRun } from "./commands.ts";
import { writeData } from "./data.ts";
import { DECODERS, METHODS } from "./family.ts";

const folder = mkdtempSync(join(realpathSync(tmpdir()), "blora-token-"));
const engine = onnx({ threads: 1 });
afterAll(async () => {
  await engine.release();
  rmSync(folder, { recursive: true, force: true });
});

/** Below the vocabularies of all models here. */
const IDS = [5, 17, 40, 60, 3, 25];
const LARGE = 2 ** 31;

/** An engine that remembers its steps, and one that keeps nothing between runs. */
function recording(steps: StepDefinition[]): Engine {
  return {
    ...engine,
    compile(step) {
      steps.push(step);
      return engine.compile(step);
    },
  };
}
const forgetful: Engine = { ...engine, compile: ({ steady: _, ...step }) => engine.compile(step) };

/** Logits after a prompt and after each of two tokens. */
async function read(model: AdaptedModel): Promise<number[][]> {
  const reader = model.openReader();
  const logits: number[][] = [];
  for (const part of [IDS.slice(0, 4), IDS.slice(4, 5), IDS.slice(5)]) logits.push([...(await reader.read(part))]);
  return logits;
}

/** What a run of a step computes, and which values are kept for it. */
function split(step: StepDefinition) {
  const names = [...step.steady!].map((name) => graphName("input", name));
  return splitSteady(traceStep(step).graph, new Set(names), LARGE);
}

describe("a generated token", () => {
  test("rounds no weight at scope site, and gives the logits of a run that keeps nothing", async () => {
    const family = DECODERS.find(({ name }) => name === "qwen2")!;
    const method = METHODS.find(({ name }) => name === "blora site")!;
    const [model, data, out] = ["model", "data", "run"].map((name) => join(folder, name)) as [string, string, string];
    family.write(model);
    writeData(data, "prompts");
    await trainRun({ model, data, out, method, task: "instruct" });
    const described = await readAdapterDescription(adapterOf(out));
    const made: Method = registry.resolve(described.method as unknown as ComponentManifest<"method">, "method");
    const tokenizer = await loadTokenizer(model);
    const steps: StepDefinition[] = [];
    const open = async (engine: Engine) =>
      (await loadModel({ model, architecture: family.architecture, engine, tokenizer })).loadAdapter(adapterOf(out), {
        method: made,
      });
    expect(await read(await open(recording(steps)))).toEqual(await read(await open(forgetful)));
    const { rest, kept } = split(steps.find(({ name }) => name === "read 1 after 128")!);
    const rounded = Object.keys(described.ranks).map((path) => `${path}.weight`);
    expect(rest.initializers.filter(({ name }) => rounded.includes(name))).toEqual([]);
    const codes = kept.filter(({ type, shape }) => type !== "float32" && shape.length === 2);
    expect(codes.length).toBeGreaterThanOrEqual(rounded.length);
  });

  const halves: readonly (readonly [string, Architecture])[] = [
    ["qwen1.5-untied-bfloat16", qwen2()],
    ["phi-float16", phi()],
  ];
  test.each(halves)("casts the rows of its words and nothing else of %s", async (name, architecture) => {
    const model = fileURLToPath(new URL(`../../fixtures/causal/${name}`, import.meta.url));
    const steps: StepDefinition[] = [];
    const open = async (engine: Engine) =>
      (
        await loadModel({
          model,
          architecture,
          engine,
          tokenizer: { ...bare, vocabularySize: 67, special: { ...bare.special, pad: 0 } },
        })
      ).withoutAdapter({
        kind: "language-model",
      });
    expect(await read(await open(recording(steps)))).toEqual(await read(await open(forgetful)));
    const step = steps.find(({ name }) => name === "read 1 after 128")!;
    const castNumbers = ({ nodes }: ReturnType<typeof split>["rest"]): number =>
      nodes
        .filter(({ operator, attributes }) => operator === "Cast" && attributes.to === 1)
        .reduce((sum, { values }) => sum + sizeOf(values![0]!.shape), 0);
    const H = step.frozen.get("model.embed_tokens.weight")!.shape[1]!;
    expect(castNumbers(traceStep(step).graph)).toBeGreaterThan(1000);
    expect(castNumbers(split(step).rest)).toBe(H + 1); // with its position
  });
});

let bare: Tokenizer;
beforeAll(async () => {
  const model = join(folder, "tokens");
  DECODERS.find(({ name }) => name === "qwen2")!.write(model);
  bare = await loadTokenizer(model);
});
