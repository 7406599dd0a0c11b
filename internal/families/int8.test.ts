import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AdapterDescription } from "@blora/adapters";
import { onnx } from "@blora/engine-onnx";
import { type LoadedModel, loadModel } from "@blora/inference";
import type { JsonObject, Method, Tokenizer } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TrainingResult } from "../../apps/cli/src/jobs/train.ts";
import { registry } from "../../apps/cli/src/registry.ts";
import {
  adapterOf,
  answerQuestions,
  commandJson,
  evaluateRun,
  exportRun,
  generateText,
  predictRows,
  type Training,
  trainRun,
} from "./commands.ts";
import { TEXTS, writeData, writeQuestions } from "./data.ts";
import { DECODERS, ENCODERS, type Family, METHODS } from "./family.ts";
import { graphLogits, logitsOf } from "./logits.ts";

const INT8 = ["engine.precision=int8"];

/** Largest difference that 8 bits make, in shares of the largest logit, and in nats of a loss. */
const ERROR = { logits: 0.05, loss: 0.02 };

const families = [
  ...ENCODERS.filter(({ name }) => ["bert", "deberta-v2"].includes(name)),
  ...DECODERS.filter(({ name }) => ["qwen2", "phi"].includes(name)),
];
const methods = METHODS.filter(({ name }) => ["lora", "blora adapter", "blora site"].includes(name));
const isDecoder = (family: Family): boolean => DECODERS.includes(family);

describe.each(families)("int8 through every command: $name", (family) => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "blora-int8-"));
  const [model, data, questions] = ["model", "data", "questions"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const engines = { float32: onnx({ threads: 1 }), int8: onnx({ threads: 1, precision: "int8" }) };
  let tokenizer: Tokenizer;
  let loaded: { readonly float32: LoadedModel; readonly int8: LoadedModel };

  beforeAll(async () => {
    family.write(model);
    writeData(data, isDecoder(family) ? "prompts" : "texts");
    writeQuestions(questions);
    tokenizer = await loadTokenizer(model);
    const open = (engine: (typeof engines)["int8"]) =>
      loadModel({ model, architecture: family.architecture, engine, tokenizer });
    loaded = { float32: await open(engines.float32), int8: await open(engines.int8) };
  });
  afterAll(async () => {
    for (const precision of ["float32", "int8"] as const) {
      await loaded[precision].release();
      await engines[precision].release();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(methods)("$name", (method) => {
    const at = (precision: string): string => join(folder, `${method.name.replace(" ", "-")}-${precision}`);
    const out = at("int8");
    const task = isDecoder(family) ? "instruct" : "classify";
    let runs: { readonly float32: TrainingResult; readonly int8: TrainingResult };

    const logitsIn = async (precision: "float32" | "int8"): Promise<number[]> => {
      const { method } = JSON.parse(read(adapterOf(out), "blora_config.json")) as AdapterDescription;
      const made = registry.resolve(method as never, "method") as Method;
      return logitsOf(await loaded[precision].loadAdapter(adapterOf(out), { method: made }), tokenizer);
    };

    beforeAll(async () => {
      const training: Training = { model, data, out, method, task };
      runs = {
        float32: await trainRun({ ...training, out: at("float32") }),
        int8: await trainRun({ ...training, engine: INT8 }),
      };
    });

    test("train ends near the loss of float32, at other weights, and every record names the precision", () => {
      const losses = [runs.float32, runs.int8].map(({ summary }) => summary.metrics.last!.splits.validation!.loss);
      expect(Math.abs(losses[0]! - losses[1]!)).toBeLessThan(ERROR.loss);
      expect(losses[0]).not.toBe(losses[1]);
      expect(recordsOf(out)).toEqual({ run: "int8", summary: "int8", adapter: "int8" });
      expect(recordsOf(at("float32"))).toEqual({ run: undefined, summary: undefined, adapter: undefined });
    });

    // All adapted maps are of whole numbers at scope site, whatever the precision: their products are the same.
    const isSame = !method.isPlain;

    test("eval scores as training ended, near float32 and not in it", async () => {
      const [found, exact] = [await evaluateRun(out, data, INT8), await evaluateRun(out, data)];
      expect([found.engine.precision, exact.engine.precision]).toEqual(["int8", undefined]);
      const { loss } = runs.int8.summary.metrics.last!.splits.validation!;
      expect(found.splits.validation!.loss).toBeCloseTo(loss, 6);
      const difference = Math.abs(found.splits.validation!.loss! - exact.splits.validation!.loss!);
      expect(difference).toBeLessThan(ERROR.loss);
      expect(difference === 0).toBe(isSame);
    });

    test("logits are near those of float32", async () => {
      const [found, exact] = [await logitsIn("int8"), await logitsIn("float32")];
      const error = shareOfError(found, exact);
      expect(error).toBeLessThan(ERROR.logits);
      // The vocabulary is no adapted map.
      expect(error === 0).toBe(isSame && !isDecoder(family));
    });

    if (isDecoder(family)) {
      test("generate writes as @blora/inference does in int8", async () => {
        const { method } = JSON.parse(read(adapterOf(out), "blora_config.json")) as AdapterDescription;
        const made = registry.resolve(method as never, "method") as Method;
        const adapted = await loaded.int8.loadAdapter(adapterOf(out), { method: made });
        for (const prompt of TEXTS) {
          const texts: string[] = [];
          for await (const text of adapted.generate(prompt, { maxNewTokens: 6 })) texts.push(text);
          expect(await generateText(out, { prompt, set: INT8 })).toBe(texts.join(""));
        }
        await expect(generateText(out, { prompt: "the", set: ["engine.precision=int4"] })).rejects.toThrow(
          '--set engine.precision=int4: engine: wrong options of engine "onnx": precision',
        );
        await expect(generateText(out, { prompt: "the", set: ["learningRate=1"] })).rejects.toThrow(
          "--set learningRate=1: expected an option of the engine, such as engine.precision=int8.",
        );
      });

      test("mmlu finds likelihoods near those of float32", async () => {
        const [found, exact] = [await answerQuestions(out, questions, INT8), await answerQuestions(out, questions)];
        expect([found.engine.precision, exact.engine.precision]).toEqual(["int8", undefined]);
        const [ours, theirs] = [found, exact].map(({ answers }) => answers.flatMap((answer) => answer.logLikelihoods));
        expect(shareOfError(ours!, theirs!)).toBeLessThan(ERROR.logits);
        expect(ours).not.toEqual(theirs);
      });
    } else {
      test("predict gives shares near those of float32", async () => {
        const shares = (rows: readonly string[][]): number[] => rows.slice(1).map(([, , share]) => Number(share));
        const found = shares(await predictRows(out, data, INT8));
        const exact = shares(await predictRows(out, data));
        const error = shareOfError(found, exact);
        expect(error).toBeLessThan(ERROR.logits);
        expect(error === 0).toBe(isSame);
      });
    }

    test("export writes a graph of bytes with logits near those of int8", async () => {
      const to = `${out}-graph`;
      const { summary } = await exportRun(out, to, { weights: "int8", adapterForm: "branch" });
      const found = await graphLogits(join(to, summary.file), tokenizer);
      expect(shareOfError(found, await logitsIn("int8"))).toBeLessThan(2 * ERROR.logits);
    });

    test("inspect and bops name the precision beside measured seconds", async () => {
      const { steps, seconds, evaluated, engine } = runs.int8.summary;
      const measured = {
        secondsPerStep: expect.closeTo(seconds / steps, 12),
        secondsPerRow: expect.closeTo(evaluated!.seconds / evaluated!.rows, 12),
        engine: { ...engine, precision: "int8" },
      };
      expect(await commandJson("inspect", out)).toMatchObject({ results: { precision: "int8" }, measured });
      expect(await commandJson("bops", "--adapter", out, "--data", data)).toMatchObject({ measured });
      expect(evaluated!.rows).toBe(4);
    });
  });
});

const read = (...path: string[]): string => readFileSync(join(...path), "utf8");

/** The precision by the files of a run and of its adapter. */
function recordsOf(out: string): Record<string, unknown> {
  const precisionOf = (engine: unknown): unknown => (engine as JsonObject | undefined)?.precision;
  return {
    run: precisionOf(JSON.parse(read(out, "blora-run.json")).engine),
    summary: precisionOf(JSON.parse(read(out, "summary.json")).engine),
    adapter: precisionOf(JSON.parse(read(adapterOf(out), "blora_config.json")).results),
  };
}

/** Largest difference, as a share of the largest value. */
function shareOfError(found: readonly number[], exact: readonly number[]): number {
  const largest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = exact.reduce((most, value, index) => Math.max(most, Math.abs(value - found[index]!)), 0);
  return error / largest;
}
