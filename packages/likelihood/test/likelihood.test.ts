import { appendFileSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeAdapter } from "@blora/adapters";
import { tfjs } from "@blora/engine-tfjs";
import { batchOf, compileNetworkStep, openAdapter, openBase, openNetwork } from "@blora/network";
import type { Engine, LikelihoodEvaluation, LikelihoodRequest } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { openCheckpoint } from "@blora/weights";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../trainer/test/temporary-folder.ts";
import { causalArchitecture, writeCausalCheckpoint } from "../../trainer/test/tiny-causal.ts";
import { plainLora, V } from "../../trainer/test/tiny-problem.ts";
import { answerShard, contextOf, evaluateLikelihood, type LikelihoodRun } from "../src/index.ts";
import { choiceTask, joiningTokenizer, requests } from "./likelihood-problem.ts";

const engine = tfjs({ backend: "cpu" });
const method = plainLora();
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "blora-likelihood-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runOf(asked: readonly LikelihoodRequest[], more: Partial<LikelihoodEvaluation> = {}): LikelihoodRun {
  return {
    architecture: causalArchitecture,
    checkpoint: writeCausalCheckpoint(folder),
    method,
    engine,
    tokenizer: joiningTokenizer,
    model: "tiny",
    task: choiceTask(asked, more),
  };
}

const LANGUAGE_MODEL = { kind: "language-model" } as const;

/** ln p of a continuation, from one pass over the whole text alone. */
async function directly(run: LikelihoodRun, contextIds: readonly number[], ids: readonly number[]): Promise<number> {
  const network = openNetwork(run.architecture, run.checkpoint, run.model);
  const { adapterDirectory: folder, method } = run;
  const open =
    folder === undefined
      ? openBase(network, LANGUAGE_MODEL)
      : await openAdapter(network, { folder, head: LANGUAGE_MODEL, method, form: "trained" });
  const text = [...contextIds, ...ids.slice(0, -1)];
  const T = text.length;
  const step = await compileNetworkStep(engine, open, {
    name: "whole text",
    inputs: {
      inputIds: { shape: [1, T], dtype: "int32" },
      attentionMask: { shape: [1, T], dtype: "float32" },
      positions: { shape: [T], dtype: "int32" },
    },
    compute: (inputs, input) => ({ logits: causalArchitecture.forward({ ...inputs, batch: batchOf(input) }) }),
  });
  const { logits } = await step.run({
    inputIds: Int32Array.from(text),
    attentionMask: new Float32Array(T).fill(1),
    positions: Int32Array.from(text.keys()),
  });
  return ids.reduce((total, id, n) => {
    const row = Array.from(logits!.subarray((contextIds.length + n - 1) * V, (contextIds.length + n) * V));
    return total + row[id]! - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
  }, 0);
}

async function allDirectly(run: LikelihoodRun, request: LikelihoodRequest): Promise<number[]> {
  const context = joiningTokenizer.encode(contextOf(request));
  const values = [];
  for (const continuation of request.continuations) {
    const whole = joiningTokenizer.encode(contextOf(request) + continuation);
    values.push(await directly(run, context, whole.slice(context.length)));
  }
  return values;
}

test("an evaluation refuses a tokenizer with ids that the model does not embed", async () => {
  const run = { ...runOf(requests), tokenizer: { ...joiningTokenizer, vocabularySize: V + 1 } };
  await expect(evaluateLikelihood(run)).rejects.toThrow(
    `tiny: expected a tokenizer of at most ${V} ids, the model's vocab_size, found one of ${V + 1}. 1 token is more`,
  );
});

describe("likelihoods of continuations", () => {
  test("equal those of each text read alone, whatever is shared, packed and joined", async () => {
    const run = runOf(requests);
    const { answers, results } = await evaluateLikelihood(run);
    expect(answers.map(({ id }) => id)).toEqual(requests.map(({ id }) => id));
    for (const [index, { logLikelihoods, chosen }] of answers.entries()) {
      const expected = await allDirectly(run, requests[index]!);
      expectAllClose(Float32Array.from(logLikelihoods), expected);
      expect(chosen).toBe(expected.indexOf(Math.max(...expected)));
    }
    const right = answers.filter(({ chosen, answer }) => chosen === answer).length;
    expect(results?.scores).toEqual({ accuracy: right / requests.length });
  });

  test("depend on neither the budget of a pass nor the order of the questions", async () => {
    const { answers } = await evaluateLikelihood(runOf(requests));
    const inOrder = new Map(answers.map((answer) => [answer.id, answer]));
    for (const tokenBudget of [1, 7, 64]) {
      const other = await evaluateLikelihood({ ...runOf(requests.toReversed()), tokenBudget });
      for (const { id, logLikelihoods, chosen } of other.answers) {
        expectAllClose(Float32Array.from(logLikelihoods), inOrder.get(id)!.logLikelihoods, { absolute: 1e-5 });
        expect(chosen).toBe(inOrder.get(id)!.chosen);
      }
    }
  });

  test("are those of the adapted network", async () => {
    const { architecture, checkpoint, model } = runOf(requests);
    const sites = openNetwork(architecture, checkpoint, model).linears.filter(
      ({ role }) => role === "query" || role === "value",
    );
    const adapters = new Map(
      sites.map((site) => {
        const adapter = method.init(site, 1);
        adapter.parameters.B!.values.fill(0.4);
        return [site.path, adapter] as const;
      }),
    );
    const adapterDirectory = join(temporaryFolder(), "adapter");
    await writeAdapter(adapterDirectory, method, sites, {
      weights: { adapters, head: {} },
      description: {
        baseModel: "tiny",
        task: "choice",
        head: { kind: "language-model" },
        method: {},
        maxSeqLength: 24,
        ranks: {},
        bits: {},
        bops: { scope: "adapter", unit: "bit operations", macs: 0, bitOperations: 0, baseline: 1, ratio: 0 },
        ledger: [],
      },
    });
    const run = { ...runOf(requests), adapterDirectory };
    const [answer] = (await evaluateLikelihood(run)).answers;
    expectAllClose(Float32Array.from(answer!.logLikelihoods), await allDirectly(run, requests[0]!));
    const [plain] = (await evaluateLikelihood(runOf(requests))).answers;
    expect(Math.abs(answer!.logLikelihoods[0]! - plain!.logLikelihoods[0]!)).toBeGreaterThan(1e-3);
  });

  test("begin with the tokenizer's first token where asked", async () => {
    const run = runOf(requests.slice(0, 2), { addBos: true });
    const [answer] = (await evaluateLikelihood(run)).answers;
    const context = joiningTokenizer.encode(contextOf(requests[0]!));
    const expected = [];
    for (const id of [6, 7, 8]) expected.push(await directly(run, [1, ...context], [3, id]));
    expectAllClose(Float32Array.from(answer!.logLikelihoods), expected);
  });

  test("of a continuation the tokenizer joins to the context are an error", async () => {
    const joined = { ...requests[0]!, prompt: "ca", continuations: ["b", "c"] };
    await expect(evaluateLikelihood(runOf([joined]))).rejects.toThrow(
      'first/0: expected the continuation "b" to have tokens of its own, found none',
    );
  });
});

describe("contexts longer than the model reads", () => {
  const long: LikelihoodRequest = {
    id: "long/1",
    description: "fc",
    shots: ["cdefghij", "dddddddd"],
    prompt: "efghijef",
    continuations: ["e", "f"],
    answer: 0,
  };
  const short = { ...long, id: "long/2", prompt: "e" };

  test("lose their last shots where the protocol drops shots", async () => {
    const run = runOf([long, short], { overlong: "drop-shots" });
    const { answers, overlong } = await evaluateLikelihood(run);
    expect(overlong).toEqual({ policy: "drop-shots", maxTokens: 24, fewerShots: 1, cut: 0 });
    expect(answers.map(({ shots, cutTokens }) => [shots, cutTokens])).toEqual([
      [1, 0],
      [2, 0],
    ]);
    const shown = { ...long, shots: long.shots.slice(0, 1) };
    expectAllClose(Float32Array.from(answers[0]!.logLikelihoods), await allDirectly(run, shown));
    expectAllClose(Float32Array.from(answers[1]!.logLikelihoods), await allDirectly(run, short));
  });

  test("lose tokens on the left where it cuts, and where no shot is left to drop", async () => {
    const bare = { ...long, id: "bare/1", shots: [], prompt: "cdefghijcdefghijcdefghijcd" };
    for (const overlong of ["cut-left", "drop-shots"] as const) {
      const asked = overlong === "cut-left" ? [long, bare] : [bare];
      const run = runOf(asked, { overlong });
      const summary = await evaluateLikelihood(run);
      expect(summary.overlong).toMatchObject({ fewerShots: 0, cut: asked.length });
      for (const [index, { logLikelihoods, cutTokens }] of summary.answers.entries()) {
        const context = joiningTokenizer.encode(contextOf(asked[index]!));
        expect(cutTokens).toBe(context.length - 24);
        const expected = [await directly(run, context.slice(-24), [8]), await directly(run, context.slice(-24), [9])];
        expectAllClose(Float32Array.from(logLikelihoods), expected);
      }
    }
  });

  test("are cut at the protocol's length where that is shorter", async () => {
    const { overlong, answers } = await evaluateLikelihood(
      runOf([long, short], { overlong: "drop-shots", maxTokens: 12 }),
    );
    expect(overlong).toMatchObject({ maxTokens: 12, fewerShots: 2, cut: 0 });
    expect(answers.map(({ shots }) => shots)).toEqual([0, 1]);
  });
});

describe("an evaluation in a folder", () => {
  test("that is interrupted goes on where it was", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    let passes = 0;
    const whole = await evaluateLikelihood({ ...runOf(requests), tokenBudget: 3 });
    const run = { ...runOf(requests), tokenBudget: 3, outputDirectory };
    const stopped = await evaluateLikelihood({ ...run, shouldStop: () => passes++ > 4 });
    expect(stopped).toMatchObject({ interrupted: true, results: undefined });
    const kept = stopped.answers.length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(requests.length);

    // As a crash in the middle of a line leaves it.
    appendFileSync(join(outputDirectory, "answers.jsonl"), '{"id":"second/2","logLikel');
    const finished = await evaluateLikelihood(run);
    expect(finished.thisRun.questions).toBe(requests.length - kept);
    expect(finished.answers.map(({ id, chosen }) => [id, chosen])).toEqual(
      whole.answers.map(({ id, chosen }) => [id, chosen]),
    );
    const written = JSON.parse(readFileSync(join(outputDirectory, "likelihood.json"), "utf8"));
    expect(written).toMatchObject({ protocol: { name: "plain", version: "1", shots: 2 }, questions: requests.length });
    expect(written.promptsSha256).toMatch(/^[0-9a-f]{64}$/);
    const lines = readFileSync(join(outputDirectory, "answers.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).id).sort()).toEqual(requests.map(({ id }) => id).sort());
  });

  test("that is answered in shards gives what one alone gives, to the last bit, and asks nothing again", async () => {
    const whole = await evaluateLikelihood({ ...runOf(requests), tokenBudget: 3 });
    for (const count of [1, 2, 3]) {
      const run = { ...runOf(requests), tokenBudget: 3, outputDirectory: join(temporaryFolder(), "run") };
      const shards = Array.from({ length: count }, (_, index) => answerShard(run, { index, count }));
      const expected = [[8], [5, 3], [5, 3, 0]][count - 1]!.map((questions) => ({ questions, answered: questions }));
      expect(await Promise.all(shards)).toEqual(expected);
      const gathered = await evaluateLikelihood(run);
      expect(gathered.thisRun.questions).toBe(0);
      expect(gathered.answers).toEqual(whole.answers);
      expect(gathered.results).toEqual(whole.results);
    }
  });

  test("takes no answers of shards of other questions, and asks what a shard has not answered", async () => {
    const folder = temporaryFolder();
    const outputDirectory = join(folder, "run");
    const run = { ...runOf(requests), outputDirectory };
    const foreign = { ...runOf(requests.slice(1)), outputDirectory: join(folder, "other") };
    await answerShard(foreign, { index: 0, count: 2 });
    let passes = 0;
    const stopped = { ...run, tokenBudget: 3, shouldStop: () => passes++ > 1 };
    const { questions, answered } = await answerShard(stopped, { index: 1, count: 2 });
    expect([questions, answered < questions]).toEqual([3, true]);
    renameSync(join(folder, "other", "shard-1-of-2"), join(outputDirectory, "shard-1-of-2"));
    const { thisRun, interrupted } = await evaluateLikelihood(run);
    expect([thisRun.questions, interrupted]).toEqual([requests.length - answered, false]);
  });

  test("refuses to go on with other questions, naming what differs", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    await evaluateLikelihood({ ...runOf(requests), outputDirectory });
    await expect(evaluateLikelihood({ ...runOf(requests.slice(1)), outputDirectory })).rejects.toThrow(
      /expected the evaluation this folder was started with, found promptsSha256: /,
    );
  });

  test("goes on where the options of the task are only written otherwise, and names them where questions are others", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const evaluated = (asked: typeof requests, options: object) => {
      const task = { ...choiceTask(asked), toJSON: () => ({ $plugin: "task/choice", options }) };
      return evaluateLikelihood({ ...runOf(asked), task, outputDirectory });
    };
    await evaluated(requests, { shots: 2 });
    expect((await evaluated(requests, {})).thisRun.questions).toBe(0);
    await expect(evaluated(requests.slice(1), { limit: 7 })).rejects.toThrow(
      /found task\.manifest\.options\.shots: 2 -> unset; task\.manifest\.options\.limit: unset -> 7; promptsSha256: /,
    );
  });

  test("refuses to go on with other weights of the same name", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const run = { ...runOf(requests), outputDirectory };
    await evaluateLikelihood(run);
    const other = temporaryFolder();
    cpSync(run.checkpoint.folder, other, { recursive: true });
    const file = join(other, "model.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 4]! ^= 1;
    writeFileSync(file, bytes);
    await expect(evaluateLikelihood({ ...run, checkpoint: openCheckpoint(other) })).rejects.toThrow(
      /expected the evaluation this folder was started with, found modelSha256: "[0-9a-f]{64}" -> "[0-9a-f]{64}"\. /,
    );
  });

  test("refuses to go on with a tokenizer that gives other ids", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const run = { ...runOf(requests), outputDirectory };
    await evaluateLikelihood(run);
    const swapped = (id: number): number => (id === 6 ? 7 : id === 7 ? 6 : id);
    const tokenizer = { ...run.tokenizer, encode: (text: string) => run.tokenizer.encode(text).map(swapped) };
    await expect(evaluateLikelihood({ ...run, tokenizer })).rejects.toThrow(
      /expected the evaluation this folder was started with, found tokensSha256: "[0-9a-f]{64}" -> "[0-9a-f]{64}"\. /,
    );
  });

  test("goes on where the model was moved", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const run = { ...runOf(requests), outputDirectory };
    await evaluateLikelihood(run);
    const moved = await evaluateLikelihood({ ...run, model: "elsewhere/tiny" });
    expect(moved.thisRun.questions).toBe(0);
  });

  test("asks nothing again once it is finished", async () => {
    const outputDirectory = join(temporaryFolder(), "run");
    const first = await evaluateLikelihood({ ...runOf(requests), outputDirectory });
    const again = await evaluateLikelihood({ ...runOf(requests), outputDirectory });
    expect(again.thisRun).toMatchObject({ questions: 0, tokens: 0 });
    expect(again.results).toEqual(first.results);
  });
});

test("a tokenizer with more ids than the model embeds is refused before a question is read", async () => {
  const run = runOf(requests);
  const config = { ...run.checkpoint.config, vocab_size: 12 };
  const tokenizer = { ...joiningTokenizer, vocabularySize: 15 };
  await expect(evaluateLikelihood({ ...run, checkpoint: { ...run.checkpoint, config }, tokenizer })).rejects.toThrow(
    /^tiny: expected a tokenizer of at most 12 ids.*found one of 15/,
  );
});

test("a model that computes no numbers is refused, with the questions it was read for", async () => {
  const run = runOf(requests);
  const broken: Engine = {
    ...engine,
    async compile(step) {
      const compiled = await engine.compile(step);
      return {
        ...compiled,
        async run(...given) {
          const result = await compiled.run(...given);
          for (const values of Object.values(result.outputs)) values.fill(Number.NaN, 1, 2);
          return result;
        },
      };
    },
  };
  await expect(evaluateLikelihood({ ...run, engine: broken })).rejects.toMatchObject({
    name: "NumericalError",
    message: expect.stringMatching(
      /^first\/4 and what is read with it: tiny: expected finite .*, found NaN at entry 1\. /,
    ),
  });
});

test("a network that predicts no next token is refused", async () => {
  const { languageModel: _, ...architecture } = causalArchitecture;
  await expect(evaluateLikelihood({ ...runOf(requests), architecture })).rejects.toThrow(
    "Expected a causal language model, found a network of type tiny-causal",
  );
});
