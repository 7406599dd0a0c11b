import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mergeAdapter } from "@blora/adapters";
import { bops } from "@blora/bops";
import { acceptabilityExamples, builtinModelFolder, builtinTask } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { lora } from "@blora/lora";
import { debertaV2 } from "@blora/model-deberta-v2";
import { openAdapter, openNetwork, type PlainAdapter } from "@blora/network";
import { type Engine, type Head, InvalidInputError, type StepDefinition } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { loadTokenizer } from "@blora/tokenizer";
import { evaluate } from "@blora/trainer";
import { openCheckpoint } from "@blora/weights";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LoadModelOptions, loadAdapter, loadModel } from "../src/index.ts";
import { writeBuiltinAdapter } from "./builtin-adapter.ts";

const ROWS = 40;
const labels = ["unacceptable", "acceptable"];
const texts = acceptabilityExamples("validation", ROWS).map(({ first }) => first);
let folder: string;
const adapter = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-inference-"));
  const classification = { kind: "classification", labels } as const;
  await writeBuiltinAdapter(adapter("first"), { rank: 4, seed: 1, head: classification });
  await writeBuiltinAdapter(adapter("second"), { rank: 4, seed: 2, head: classification });
  await writeBuiltinAdapter(adapter("wide"), { rank: 6, seed: 3, head: classification });
  const several = { kind: "classification", labels: ["x", "y", "z"], several: true } as const;
  await writeBuiltinAdapter(adapter("several"), { rank: 2, seed: 5, head: several });
  await writeBuiltinAdapter(adapter("score"), { rank: 2, seed: 4, head: { kind: "regression" } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function options(engine: Engine = onnx({ threads: 1 })): LoadModelOptions {
  return { model: builtinModelFolder(), architecture: debertaV2(), engine, tokenizer: loadTokenizer };
}

/** An engine that counts what it compiles. */
function counting(engine: Engine): { engine: Engine; compiled: StepDefinition[] } {
  const compiled: StepDefinition[] = [];
  const compile = (step: StepDefinition) => {
    compiled.push(step);
    return engine.compile(step);
  };
  return { engine: { ...engine, compile }, compiled };
}

/** What the trainer's evaluation computes for the same texts. */
async function evaluatedLogits(adapterDirectory: string, rank: number): Promise<Float32Array> {
  const { splits } = await evaluate({
    architecture: debertaV2(),
    method: lora({ rank }),
    task: builtinTask({ validationRows: ROWS }),
    costModel: bops(),
    engine: onnx({ threads: 1 }),
    tokenizer: await loadTokenizer(builtinModelFolder()),
    checkpoint: openCheckpoint(builtinModelFolder()),
    model: "builtin",
    adapterDirectory,
  });
  return splits.validation!.logits;
}

describe("loadModel", () => {
  it("gives the logits of the trainer's evaluation, in the order of the texts", async () => {
    const model = await loadModel(options());
    const first = await model.loadAdapter(adapter("first"));
    const logits = Float32Array.from((await first.logits(texts)).flatMap((row) => [...row]));
    expectAllClose(logits, await evaluatedLogits(adapter("first"), 4), { absolute: 1e-5, relative: 1e-5 });
  });

  it("switches between adapters of one layout without compiling again", async () => {
    const { engine, compiled } = counting(onnx({ threads: 1 }));
    const model = await loadModel(options(engine));
    const first = await model.loadAdapter(adapter("first"));
    const second = await model.loadAdapter(adapter("second"));
    const before = await first.logits(texts.slice(0, 3));
    const other = await second.logits(texts.slice(0, 3));
    expect(await first.logits(texts.slice(0, 3))).toEqual(before);
    expect(other).not.toEqual(before);
    expect(compiled).toHaveLength(1);
  });

  it("hands every step the same frozen tensors, whichever adapter it is for", async () => {
    const { engine, compiled } = counting(onnx({ threads: 1 }));
    const model = await loadModel(options(engine));
    for (const name of ["first", "wide", "score"]) await (await model.loadAdapter(adapter(name))).logits(["A text."]);
    const [one, two, three] = compiled.map(({ frozen }) => [...frozen.values()]);
    expect(compiled).toHaveLength(3);
    expect(two!.every((tensor, index) => tensor === one![index])).toBe(true);
    expect(three!.every((tensor, index) => tensor === one![index])).toBe(true);
  });

  it("classifies texts and pairs with probabilities that sum to 1", async () => {
    const model = await loadModel(options());
    const first = await model.loadAdapter(adapter("first"));
    const [text, pair] = await first.classify(["The cat sleeps.", ["The cat sleeps.", "A cat is asleep."]]);
    const [logits] = await first.logits(["The cat sleeps."]);
    const odds = Math.exp(logits![1]! - logits![0]!);
    expect(text!.scores.acceptable! / text!.scores.unacceptable!).toBeCloseTo(odds, 5);
    expect(text!.label).toBe(odds > 1 ? "acceptable" : "unacceptable");
    expect(text!.score).toBe(Math.max(...Object.values(text!.scores)));
    expect(Object.values(pair!.scores).reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 12);
    expect(pair!.scores).not.toEqual(text!.scores);
  });

  it("gives each of several classes a probability of its own, and those that hold", async () => {
    const model = await loadModel(options());
    const several = await model.loadAdapter(adapter("several"));
    const [logits] = await several.logits(["The cat sleeps."]);
    const [text] = await several.classify(["The cat sleeps."]);
    const shares = [...logits!].map((logit) => 1 / (1 + Math.exp(-logit)));
    expect(Object.values(text!.scores)).toEqual(shares.map((share) => expect.closeTo(share, 12)));
    expect(text!.labels).toEqual(["x", "y", "z"].filter((_, label) => logits![label]! > 0));
    expect(text!.label).toBe(["x", "y", "z"][logits!.indexOf(Math.max(...logits!))]);
  });

  it("gives numbers for a regression adapter and says so where labels are asked for", async () => {
    const model = await loadModel(options());
    const score = await model.loadAdapter(adapter("score"));
    const [value] = await score.regress(["A text."]);
    expect(value).toBe((await score.logits(["A text."]))[0]![0]);
    await expect(score.classify(["A text."])).rejects.toThrow(/classify does not go with .* regression. Use regress/);
  });

  it("answers calls made at once each with its own result", async () => {
    const model = await loadModel(options());
    const [first, second] = [await model.loadAdapter(adapter("first")), await model.loadAdapter(adapter("second"))];
    const [a, b] = await Promise.all([first.logits(texts), second.logits(texts)]);
    expect(a).toEqual(await first.logits(texts));
    expect(b).toEqual(await second.logits(texts));
  });

  it("cuts a long text alike beside the model and merged into it", async () => {
    const head = { kind: "classification", labels } as const;
    const checkpoint = openCheckpoint(builtinModelFolder());
    const parts = { architecture: debertaV2(), checkpoint, method: lora({ rank: 4 }), head };
    const network = openNetwork(parts.architecture, checkpoint, "builtin");
    const source = { folder: adapter("first"), method: parts.method, form: "trained" } as const;
    const { weights, maxSeqLength } = await openAdapter(network, source);
    const long = texts.join(" ");
    const answerOf = async (name: string, limit: number): Promise<Float32Array> => {
      const out = adapter(name);
      await mergeAdapter({ ...parts, weights, out, maxSeqLength: limit });
      const [logits] = await (await loadModel({ ...options(), model: out })).withoutAdapter(head).logits([long]);
      return logits!;
    };
    const [beside] = await (await (await loadModel(options())).loadAdapter(adapter("first"))).logits([long]);
    expect(maxSeqLength).toBe(128);
    // Merged weights are rounded to the half precision of the base.
    expectAllClose(await answerOf("merged", maxSeqLength), beside!, { absolute: 2e-3 });
    const uncut = await answerOf("merged-without-limit", Infinity);
    expect(Math.abs(uncut[0]! - beside![0]!)).toBeGreaterThan(1e-2);
  });

  it("gives nothing for no texts", async () => {
    const model = await loadModel(options());
    expect(await (await model.loadAdapter(adapter("first"))).classify([])).toEqual([]);
  });

  it("lists every site and shape that does not fit the model", async () => {
    const foreign = adapter("foreign");
    await writeBuiltinAdapter(foreign, { rank: 2, seed: 1, head: { kind: "regression" }, renameLayer: [3, 9] });
    const model = await loadModel(options());
    await expect(model.loadAdapter(foreign)).rejects.toThrow(
      /found that .*layer\.9\.attention\.self\.query_proj.*layer\.9\.output\.dense.* is unexpected/,
    );
  });
});

describe("a released model", () => {
  it("has done what was asked before, and refuses what comes after; releasing it again does nothing", async () => {
    const model = await loadModel(options());
    const first = await model.loadAdapter(adapter("first"));
    const asked = first.logits(["A text."]);
    await Promise.all([model.release(), model.release()]);
    expect(await asked).toHaveLength(1);
    await expect(first.logits(["A text."])).rejects.toThrow("expected a model in use, found one that was released");
    await model.release();
  });

  it("is one whose engine was released, too", async () => {
    const engine = onnx({ threads: 1 });
    const model = await loadModel(options(engine));
    const first = await model.loadAdapter(adapter("first"));
    await first.logits(["A text."]);
    await engine.release();
    await expect(first.logits(["A text."])).rejects.toThrow("expected a step in use, found one that was released");
    await model.release();
    await engine.release();
  });
});

it("answers the texts it was asked of, whatever becomes of their list", async () => {
  const first = await (await loadModel(options())).loadAdapter(adapter("first"));
  const asked = ["The cat sleeps.", "A cat is asleep."];
  const expected = await first.logits(asked);
  const answers = first.logits(asked);
  asked.length = 0;
  expect(await answers).toEqual(expected);
});

it("refuses what is no list of texts or pairs, of which it would read something else", async () => {
  const first = await (await loadModel(options())).loadAdapter(adapter("first"));
  const ask = (inputs: unknown) => first.logits(inputs as string[]);
  const expected = "Expected a list of texts, or of pairs of texts, found";
  await expect(ask("A text.")).rejects.toThrow(`${expected} "A text.".`);
  await expect(ask(["A text.", ["one", "two", "three"]])).rejects.toThrow(`${expected} ["one","two","three"] at 1.`);
  await expect(ask([{ text: "A text." }])).rejects.toThrow(`${expected} {"text":"A text."} at 0.`);
  await expect(ask([undefined])).rejects.toThrow(`${expected} undefined at 0.`);
  await expect(ask([["one", undefined]])).rejects.toThrow(`${expected} ["one","undefined"] at 0.`);
  await expect(ask(new Set(["one"]))).rejects.toThrow(`${expected} a value of type Set.`);
  await expect(ask([10n])).rejects.toThrow(`${expected} a value of type BigInt at 0.`);
  const circle: unknown[] = [];
  circle.push(circle);
  await expect(ask([circle])).rejects.toThrow(`${expected} a value of type Array at 0.`);
  await expect(ask("long ".repeat(1000))).rejects.toThrow(`${expected} "${"long ".repeat(16).slice(0, 79)}….`);
  expect(await ask([])).toEqual([]);
});

it("names every part of a model that was left out or not called", async () => {
  const wrong = { model: undefined, architecture: debertaV2, engine: onnx, tokenizer: undefined };
  await expect(loadModel(wrong as unknown as LoadModelOptions)).rejects.toThrow(
    new InvalidInputError(
      "loadModel: expected a model, such as the path of its folder, found undefined; an architecture, such as bert(), found a function; an engine, such as onnx(), found a function; a tokenizer, such as loadTokenizer, found undefined.",
    ),
  );
  await expect((await loadModel(options())).loadAdapter(5 as unknown as string)).rejects.toThrow(
    new InvalidInputError("loadAdapter: expected an adapter, such as the path of its folder, found a number."),
  );
  const { model: _, ...rest } = options();
  await expect(loadAdapter(undefined as unknown as string, rest)).rejects.toThrow(
    new InvalidInputError("loadAdapter: expected an adapter, such as the path of its folder, found undefined."),
  );
});

it("names what an adapter in memory or a head lacks", async () => {
  const model = await loadModel(options());
  const use = (weights?: unknown) => () => model.useAdapter(weights as PlainAdapter);
  const without = (head?: unknown) => () => model.withoutAdapter(head as Head);
  expect(use()).toThrow(
    "useAdapter: expected updates, a Map by site path, found undefined; headTensors by name, found undefined.",
  );
  expect(use({ updates: {}, headTensors: {} })).toThrow(
    "useAdapter: expected updates, a Map by site path, found another object.",
  );
  expect(use({ updates: new Map(), headTensors: {}, head: null })).toThrow(
    'useAdapter: expected a head, such as { kind: "language-model" }, found null.',
  );
  expect(without()).toThrow('withoutAdapter: expected a head, such as { kind: "language-model" }, found undefined.');
  expect(without({ kind: "classification" })).toThrow(
    "withoutAdapter: expected labels of a classification head, found undefined.",
  );
});

describe("loadAdapter", () => {
  it("opens the model the adapter names", async () => {
    const { model: _, ...rest } = options();
    const loaded = await loadAdapter(adapter("first"), rest);
    const model = await loadModel(options());
    expect(await loaded.logits(["A text."])).toEqual(
      await (await model.loadAdapter(adapter("first"))).logits(["A text."]),
    );
    await loaded.release();
  });
});

describe("an adapter of the Hub", () => {
  it("is loaded by its id and its own revision, here from the cache", async () => {
    const cacheFolder = adapter("cache");
    const repository = join(cacheFolder, "models--me--adapter");
    const commit = "a".repeat(40);
    await mkdir(join(repository, "snapshots"), { recursive: true });
    await cp(adapter("first"), join(repository, "snapshots", commit), { recursive: true });
    await mkdir(join(repository, "refs"));
    await writeFile(join(repository, "refs", "v1"), commit);

    const model = await loadModel({ ...options(), resolve: { cacheFolder, offline: true, revision: "of-the-model" } });
    const expected = await (await model.loadAdapter(adapter("first"))).logits(["A text."]);
    const published = await model.loadAdapter("me/adapter", { revision: "v1" });
    expect(await published.logits(["A text."])).toEqual(expected);
    await expect(model.loadAdapter("me/adapter")).rejects.toThrow(/me\/adapter at revision main is not in the cache/);

    const { model: _, ...rest } = options();
    const alone = await loadAdapter("me/adapter", {
      ...rest,
      resolve: { cacheFolder, offline: true },
      adapter: { revision: "v1" },
    });
    expect(await alone.logits(["A text."])).toEqual(expected);
    await alone.release();
  });
});

describe("adapters of PEFT", () => {
  it("are read without the files of this project, with labels from the caller", async () => {
    const plain = adapter("plain");
    await mkdir(plain);
    for (const file of ["adapter_config.json", "adapter_model.safetensors"])
      await copyFile(join(adapter("first"), file), join(plain, file));
    const model = await loadModel(options());
    const peft = await model.loadAdapter(plain, { head: { kind: "classification", labels } });
    expect(await peft.logits(texts)).toEqual(await (await model.loadAdapter(adapter("first"))).logits(texts));
    await expect(model.loadAdapter(plain)).rejects.toThrow(/expected the labels .* id2label/);
  });

  it("are told from a folder that holds none", async () => {
    const model = await loadModel(options());
    await expect(model.loadAdapter(builtinModelFolder())).rejects.toThrow(/expected an adapter, with a blora_config/);
  });
});
