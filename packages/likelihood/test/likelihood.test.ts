import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AdapterWeights, writeAdapter } from "@blora/adapters";
import { batchOf, compileNetworkStep, openAdapter, openBase, openNetwork } from "@blora/network";
import type { Engine, LikelihoodEvaluation, LikelihoodRequest, LinearSite, Method } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { afterAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../trainer/test/temporary-folder.ts";
import { causalArchitecture } from "../../trainer/test/tiny-causal.ts";
import { V } from "../../trainer/test/tiny-problem.ts";
import { contextOf, evaluateLikelihood, type LikelihoodRun } from "../src/index.ts";
import { engine, joiningTokenizer, method, requests, runIn } from "./likelihood-problem.ts";

const folder = mkdtempSync(join(tmpdir(), "blora-likelihood-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runOf = (asked: readonly LikelihoodRequest[], more?: Partial<LikelihoodEvaluation>): LikelihoodRun =>
  runIn(folder, asked, more);

const LANGUAGE_MODEL = { kind: "language-model" } as const;

/** A folder with an adapter of the tiny network. */
async function writtenAdapter(method: Method, sites: readonly LinearSite[], weights: AdapterWeights): Promise<string> {
  const adapterDirectory = join(temporaryFolder(), "adapter");
  await writeAdapter(adapterDirectory, method, sites, {
    weights,
    description: {
      baseModel: "tiny",
      task: "choice",
      head: LANGUAGE_MODEL,
      method: {},
      maxSeqLength: 24,
      ranks: {},
      bits: {},
      bops: { scope: "adapter", unit: "bit operations", macs: 0, bitOperations: 0, baseline: 1, ratio: 0 },
      ledger: [],
    },
  });
  return adapterDirectory;
}

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
    const run = { ...runOf(requests), adapterDirectory: await writtenAdapter(method, sites, { adapters, head: {} }) };
    const [answer] = (await evaluateLikelihood(run)).answers;
    expectAllClose(Float32Array.from(answer!.logLikelihoods), await allDirectly(run, requests[0]!));
    const [plain] = (await evaluateLikelihood(runOf(requests))).answers;
    expect(Math.abs(answer!.logLikelihoods[0]! - plain!.logLikelihoods[0]!)).toBeGreaterThan(1e-3);
  });

  test("are those of a network that was trained whole", async () => {
    const { architecture, checkpoint, model } = runOf(requests);
    const network = openNetwork(architecture, checkpoint, model);
    const whole: Method = { ...method, trainsBase: true, init: () => ({ layout: {}, parameters: {} }) };
    const head = Object.fromEntries(
      [...network.tensors(LANGUAGE_MODEL).base].map(([name, { shape }]) => {
        const values = checkpoint.read(name).map((value, index) => value * (1 + (index % 3) / 4));
        return [name, { shape, values, group: "weights" } as const];
      }),
    );
    const adapterDirectory = await writtenAdapter(whole, [], { adapters: new Map(), head });
    const run = { ...runOf(requests), method: whole, adapterDirectory };
    const [answer] = (await evaluateLikelihood(run)).answers;
    expectAllClose(Float32Array.from(answer!.logLikelihoods), await allDirectly(run, requests[0]!));
    const [plain] = (await evaluateLikelihood(runOf(requests))).answers;
    expect(Math.abs(answer!.logLikelihoods[0]! - plain!.logLikelihoods[0]!)).toBeGreaterThan(1e-3);
  });

  test("begin with the tokenizer's first token where asked, and where it begins texts with it", async () => {
    const run = runOf(requests.slice(0, 2), { addBos: true });
    const [answer] = (await evaluateLikelihood(run)).answers;
    const context = joiningTokenizer.encode(contextOf(requests[0]!));
    const expected = [];
    for (const id of [6, 7, 8]) expected.push(await directly(run, [1, ...context], [3, id]));
    expectAllClose(Float32Array.from(answer!.logLikelihoods), expected);

    const asLlama = {
      ...joiningTokenizer,
      assemble: (ids: readonly number[]) => joiningTokenizer.assemble([1, ...ids], undefined, 9),
    };
    const unasked = { ...runOf(requests.slice(0, 2)), tokenizer: asLlama };
    expect((await evaluateLikelihood(unasked)).answers[0]).toEqual(answer);
    const refused = { ...runOf(requests.slice(0, 2), { addBos: false }), tokenizer: asLlama };
    const [without] = (await evaluateLikelihood(runOf(requests.slice(0, 2)))).answers;
    expect((await evaluateLikelihood(refused)).answers[0]).toEqual(without);
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
