import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAdapterDescription } from "@blora/adapters";
import { onnx } from "@blora/engine-onnx";
import { type AdaptedModel, type LoadedModel, loadModel } from "@blora/inference";
import { openNetwork, readPlainAdapter } from "@blora/network";
import type { ComponentManifest, Method, Tokenizer } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TrainingResult } from "../../apps/cli/src/jobs/train.ts";
import { registry } from "../../apps/cli/src/registry.ts";
import {
  adapterOf,
  commandJson,
  evaluateRun,
  exportRun,
  generateText,
  mergeRun,
  predictRows,
  type Training,
  trainRun,
} from "./commands.ts";
import { TEXTS, writeData } from "./data.ts";
import { type Family, METHODS, REFUSED, TOLERANCE, type TrainedWith } from "./family.ts";
import { graphLogits, logitsOf } from "./logits.ts";

const KINDS = {
  encoders: { data: "texts", task: "classify" },
  decoders: { data: "prompts", task: "instruct" },
} as const;

const CLOSE = { absolute: TOLERANCE, relative: 0 } as const;

/** Trains an adapter of every method and scope on a tiny model, and takes each through every command. */
export function describeFamily(family: Family, kind: keyof typeof KINDS): void {
  describe(family.name, () => {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), "blora-family-"));
    const model = join(folder, "model");
    const data = join(folder, "data");
    const engine = onnx({ threads: 1 });
    let loaded: LoadedModel;
    let tokenizer: Tokenizer;

    beforeAll(async () => {
      family.write(model);
      writeData(data, KINDS[kind].data);
      tokenizer = await loadTokenizer(model);
      loaded = await loadModel({ model, architecture: family.architecture, engine, tokenizer });
    });
    afterAll(async () => {
      await loaded.release();
      await engine.release();
      rmSync(folder, { recursive: true, force: true });
    });

    describe.each(METHODS)("$name", (method) => {
      const out = join(folder, method.name.replace("+", "-").replace(" ", "-"));
      const training: Training = { model, data, out, method, task: KINDS[kind].task };
      let run: TrainingResult;
      let adapted: AdaptedModel;
      let logits: readonly number[];
      /** In its plain form, which is another one where evaluation rounds more. */
      let plainLogits: readonly number[];

      beforeAll(async () => {
        run = await trainRun(training);
        adapted = await loaded.loadAdapter(adapterOf(out), { method: await methodOf(out) });
        logits = await logitsOf(adapted, tokenizer);
        const plain = await loaded.loadAdapter(adapterOf(out), { form: "plain" });
        plainLogits = await logitsOf(plain, tokenizer);
      });

      test("train makes an adapter that changes what the model says", async () => {
        expect(run.summary).toMatchObject({ steps: 6, interrupted: false });
        const network = openNetwork(family.architecture, openCheckpoint(model), model);
        const { head, ...plain } = await readPlainAdapter(adapterOf(out), network);
        const without = loaded.useAdapter({ ...plain, head, updates: new Map() });
        expect(largestDifference(await logitsOf(without, tokenizer), plainLogits)).toBeGreaterThan(1e-5);
      });

      test("train resumes where it was stopped, and ends at the same adapter", async () => {
        const again = { ...training, out: `${out}-resumed` };
        expect((await trainRun(again, 3)).summary).toMatchObject({ steps: 3, interrupted: true });
        expect((await trainRun(again)).summary).toMatchObject({ steps: 6, interrupted: false });
        for (const name of weightFiles(out)) {
          expect(readFileSync(join(adapterOf(again.out), name)), name).toEqual(
            readFileSync(join(adapterOf(out), name)),
          );
        }
      });

      test("eval gives the scores training ended with", async () => {
        const { form, splits } = await evaluateRun(out, data);
        const last = run.summary.metrics.last!.splits.validation!;
        const scores = Object.entries(last.scores).map(([name, score]) => [name, expect.closeTo(score, 4)]);
        expect({ form, ...splits.validation }).toMatchObject({
          form: "trained",
          rows: 4,
          loss: expect.closeTo(last.loss, 6),
          scores: Object.fromEntries(scores),
        });
      });

      test("inspect and bops say what training said", async () => {
        const { ranks, bops } = run.summary;
        expect(await commandJson("inspect", out)).toMatchObject({
          baseModel: model,
          ranks,
          bops: { ratio: bops.ratio },
        });
        const { scope, report, baseline } = (await commandJson("bops", "--adapter", out, "--data", data)) as Bops;
        expect(scope).toBe(bops.scope);
        expect(Number(report.total) / Number(baseline.total)).toBeCloseTo(bops.ratio, 12);
      });

      if (REFUSED[kind].command === "generate") {
        test("predict answers as @blora/inference does, and generate is refused", async () => {
          const [header, ...rows] = await predictRows(out, data);
          const texts = readFileSync(join(data, "validation.jsonl"), "utf8").trim().split("\n");
          const answers = await adapted.classify(texts.map((line) => JSON.parse(line).text));
          expect(header).toEqual(["row", "prediction", "probability of new", "probability of old"]);
          expect(rows.map(([, label, ...shares]) => [label, ...shares.map(Number)])).toEqual(
            answers.map(({ label, scores }) => [label, expect.closeTo(scores.new!, 5), expect.closeTo(scores.old!, 5)]),
          );
          await expect(generateText(out, { prompt: "the" })).rejects.toThrow(
            "generate does not go with an adapter whose head is classification. Use classify.",
          );
        });
      } else {
        test("generate writes as @blora/inference does, and predict is refused", async () => {
          for (const prompt of TEXTS) {
            const texts: string[] = [];
            for await (const text of adapted.generate(prompt, { maxNewTokens: 6 })) texts.push(text);
            expect(await generateText(out, { prompt })).toBe(texts.join(""));
          }
          expect(await generateText(out, { prompt: "hi", chat: true })).toBe(
            await generateText(out, { prompt: "hi", chat: true }),
          );
          await expect(predictRows(out, data)).rejects.toThrow(
            "predict: expected an adapter that gives labels, found one of instruct, which continues texts. Use blora generate.",
          );
        });
      }

      test("merge writes a checkpoint with the same logits, or names the difference", async () => {
        const merged = `${out}-merged`;
        if (!method.isPlain) await expect(mergeRun(out, merged)).rejects.toThrow(refusalOf(method));
        const { largestDifference: measured } = await mergeRun(out, merged, { plain: !method.isPlain });
        const alone = await loadModel({ model: merged, architecture: family.architecture, engine, tokenizer });
        const found = await logitsOf(alone.withoutAdapter(adapted.head), tokenizer);
        await alone.release();
        if (method.isPlain) {
          expectAllClose(found, logits, CLOSE);
          expect(measured).toBeLessThan(TOLERANCE);
        } else {
          expect(measured).toBeGreaterThan(TOLERANCE);
          expect(largestDifference(found, logits)).toBeGreaterThan(TOLERANCE);
        }
      });

      test.each(["merged", "branch"] as const)(
        "export writes a graph with the same logits, %s",
        async (adapterForm) => {
          const to = `${out}-graph-${adapterForm}`;
          if (!method.isPlain) {
            const { measurement } = await exportRun(out, `${to}-evaluated`, { adapterForm });
            expect(measurement!.largestDifference).toBeLessThan(TOLERANCE);
          }
          const { summary, measurement } = await exportRun(out, to, { adapterForm, plain: !method.isPlain });
          expectAllClose(await graphLogits(join(to, summary.file), tokenizer), plainLogits, CLOSE);
          if (method.isPlain) expect(measurement!.largestDifference).toBeLessThan(TOLERANCE);
          else expect(measurement!.largestDifference).toBeGreaterThan(TOLERANCE);
        },
      );

      test("publish writes a folder that is used as the run is", async () => {
        const to = `${out}-published`;
        const { files } = (await commandJson("publish", out, "--to", to)) as { files: { path: string }[] };
        expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(["README.md", ...weightFiles(out)]));
        const published = await loaded.loadAdapter(to, { method: await methodOf(out) });
        expect(await logitsOf(published, tokenizer)).toEqual(logits);
      });

      test("@blora/inference computes the trained form, or asks for its method", async () => {
        expect(adapted.form).toBe(method.isPlain ? "plain" : "trained");
        const open = loaded.loadAdapter(adapterOf(out));
        if (method.isPlain) expect(await logitsOf(await open, tokenizer)).toEqual(logits);
        else await expect(open).rejects.toThrow(`evaluation rounds more than the adapter (scope ${scopeOf(method)})`);
      });
    });
  });
}

interface Bops {
  readonly scope: string;
  readonly report: { readonly total: string };
  readonly baseline: { readonly total: string };
}

async function methodOf(run: string): Promise<Method> {
  const { method } = await readAdapterDescription(adapterOf(run));
  return registry.resolve(method as unknown as ComponentManifest<"method">, "method");
}

const scopeOf = ({ name }: TrainedWith): string => name.replace("blora ", "");

const refusalOf = (method: TrainedWith): string =>
  `expected an adapter whose evaluation rounds nothing besides itself, found scope ${scopeOf(method)}`;

const weightFiles = (run: string): string[] =>
  readdirSync(adapterOf(run)).filter((name) => name.endsWith(".safetensors"));

const largestDifference = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((most, value, index) => Math.max(most, Math.abs(value - other[index]!)), 0);
