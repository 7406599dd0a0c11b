import type { FrozenTensor, StepDefinition } from "@blora/spec";
import { clippedRounding, frozenLinear, linearWithUpdate, ops, type Tensor } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { splitSteady } from "../src/graph/split-steady.ts";
import { openSessions } from "../src/node/runtime.ts";
import type { Sessions } from "../src/runtime.ts";
import { compileStep } from "../src/session/compiled-step.ts";
import { createKeptValues, type KeptValues } from "../src/session/kept-values.ts";
import { graphName, traceStep } from "../src/trace/trace-step.ts";

const [I, O, V] = [32, 16, 24];
const NOISE = { seed: 0, step: 0 };
const LARGE = 2 ** 30;
const settings = { threads: 1, providers: ["cpu"] };
const sessions = openSessions();

/** 1, -2, 0.5, … in float16. */
const HALVES = [0x3c00, 0xc000, 0x3800, 0xb555, 0x2e66];

function halves(rows: number, columns: number): FrozenTensor {
  const values = Uint16Array.from({ length: rows * columns }, (_, index) => HALVES[(index * index) % HALVES.length]!);
  return { shape: [rows, columns], storage: "f16", source: new Uint8Array(values.buffer) };
}
const frozen = new Map([
  ["weight", halves(O, I)],
  ["words", halves(V, O)],
]);

function rounded(x: Tensor, range: Tensor | number): Tensor {
  const limit = typeof range === "number" ? ops.scalar(range) : range;
  const { value } = clippedRounding(ops.reshape(x, [1, -1]), ops.div(limit, ops.scalar(127)), limit, true, 8);
  return ops.reshape(value, x.shape);
}

/** Logits of M tokens: a rounded map with an update, then the words. */
function stepOf(M: number, steady: StepDefinition["steady"] = new Set(["range", "B"])): StepDefinition {
  return {
    name: `${M} tokens`,
    mode: "eval",
    inputs: {
      x: { shape: [M, I], dtype: "float32" },
      h: { shape: [M, 1], dtype: "float32" },
      range: { shape: [], dtype: "float32" },
      B: { shape: [O, 1], dtype: "float32" },
    },
    trainable: {},
    frozen,
    steady,
    compute({ input, frozen }) {
      const { x, h, range, B } = input as Record<"x" | "h" | "range" | "B", Tensor>;
      const weight = rounded(frozen("weight"), range);
      const y = linearWithUpdate(rounded(x, 2), weight, undefined, h, ops.mul(B, ops.scalar(3)));
      return { outputs: { logits: frozenLinear(y, frozen("words")) } };
    },
  };
}

const split = (mostCopied: number, M = 1) =>
  splitSteady(traceStep(stepOf(M)).graph, new Set(["range", "B"].map((name) => graphName("input", name))), mostCopied);
const kinds = ({ kept }: ReturnType<typeof split>) => kept.map(({ type, shape }) => `${type} [${shape}]`).sort();

describe("what follows from steady inputs and frozen tensors", () => {
  test("is computed apart: a run rounds no weight and casts none", () => {
    const { rest } = split(LARGE);
    expect(kinds(split(LARGE))).toEqual([
      `float32 [${O},1]`,
      `float32 [${V},${O}]`,
      "float32 []",
      "float32 []",
      `int8 [${I},${O}]`,
    ]);
    expect(rest.initializers.filter(({ name }) => frozen.has(name))).toEqual([]);
    const operators = rest.nodes.map(({ operator }) => operator);
    expect(operators.filter((name) => name === "QuantizeLinear")).toHaveLength(1); // that of x
    expect(operators).not.toContain("Cast");
  });

  test("is kept without float32 copies of matrices where these take too much", () => {
    const { rest, kept } = split(0);
    expect(kept.map(({ shape }) => String(shape))).not.toContain(`${V},${O}`);
    expect(kinds(split(0))).toContain(`int8 [${I},${O}]`);
    expect(rest.initializers.filter(({ name }) => frozen.has(name)).map(({ name }) => name)).toEqual(["words"]);
    expect(rest.nodes.filter(({ operator }) => operator === "Cast")).toHaveLength(1);
  });

  test("says what it is made from", () => {
    const reads = Object.fromEntries(split(LARGE).kept.map(({ type, shape, reads }) => [`${type} [${shape}]`, reads]));
    expect(reads).toMatchObject({
      [`int8 [${I},${O}]`]: ["input/range"],
      [`float32 [${O},1]`]: ["input/B"],
      [`float32 [${V},${O}]`]: [],
    });
  });
});

/** Sessions that count those whose outputs are kept. */
function counting(): { readonly sessions: Sessions; computed(): number } {
  let computed = 0;
  return {
    sessions: {
      ...sessions,
      async create(graph, settings) {
        const session = await sessions.create(graph, settings);
        const compute: typeof session.compute = (inputs) => {
          computed += graph.outputs.length;
          return session.compute(inputs);
        };
        return { ...session, compute };
      },
    },
    computed: () => computed,
  };
}

describe("kept values", () => {
  const drawn = (size: number, scale: number): Float32Array =>
    Float32Array.from({ length: size }, (_, index) => scale * Math.sin(index + 1));
  const feeds = (M: number, range: Float32Array, B: Float32Array) => ({ x: drawn(M * I, 2), h: drawn(M, 1), range, B });
  const [one, two] = [Float32Array.of(1.5), Float32Array.of(0.75)];
  const B = drawn(O, 1);

  async function open(M: number, steady: StepDefinition["steady"], all: Sessions, kept?: KeptValues) {
    const step = await compileStep(stepOf(M, steady), "runtime", settings, all, async () => "uint8", kept);
    const logits = async (range: Float32Array, other = B) => [
      ...(await step.run(feeds(M, range, other), {}, NOISE)).outputs.logits!,
    ];
    return { logits, release: step.release };
  }

  test("give the logits of a step that keeps nothing, to the last bit, whatever was fed before", async () => {
    for (const M of [1, 3]) {
      const plain = await open(M, undefined, sessions);
      const keeping = await open(M, new Set(["range", "B"]), sessions, createKeptValues(sessions, settings));
      for (const range of [one, one, two, one]) expect(await keeping.logits(range)).toEqual(await plain.logits(range));
      expect(await keeping.logits(one)).not.toEqual(await keeping.logits(two));
      await Promise.all([plain.release(), keeping.release()]);
    }
  });

  test("are computed once for steps of every length, and again for what follows from another input alone", async () => {
    const { sessions: counted, computed } = counting();
    const kept = createKeptValues(counted, settings);
    const [first, second] = [
      await open(1, new Set(["range", "B"]), counted, kept),
      await open(3, new Set(["range", "B"]), counted, kept),
    ];
    await first.logits(one);
    expect(computed()).toBe(5);
    await first.logits(one);
    await second.logits(one);
    expect(computed()).toBe(5);
    await second.logits(two); // codes and their scale
    expect(computed()).toBe(7);
    await first.release();
    await second.logits(two);
    expect(computed()).toBe(7);
    await second.release();
    const third = await open(1, new Set(["range", "B"]), counted, kept);
    await third.logits(two);
    expect(computed()).toBe(12);
    await third.release();
  });
});
