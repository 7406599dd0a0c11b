import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FrozenTensor, StepDefinition } from "@blora/spec";
import { linearCrossEntropy, lowRankLinear, ops, type Tensor } from "@blora/tensor";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { executionOrder, inFileOrder } from "../src/graph/execution-order.ts";
import type { GraphNode } from "../src/graph/graph.ts";
import { traceStep, writeModel } from "../src/index.ts";
import { sessionOptions } from "../src/session/options.ts";

const [M, H] = [8, 16];
/** Rows of each chunk of the vocabulary. */
const CHUNKS = [12, 12, 10];
const V = CHUNKS.reduce((sum, rows) => sum + rows, 0);
const file = join("/absent", "weights");

function matrix(rows: number): FrozenTensor {
  return { shape: [rows, H], storage: "f16", source: { path: file, offset: 0, length: 2 * rows * H } };
}

/** Two adapted layers in half precision and the loss over a vocabulary in chunks. */
const step: StepDefinition = {
  name: "two layers",
  mode: "train",
  inputs: { x: { shape: [M, H], dtype: "float32" }, targets: { shape: [M], dtype: "int32" } },
  trainable: Object.fromEntries(["A0", "B0", "A1", "B1"].map((name) => [name, name[0] === "A" ? [2, H] : [H, 2]])),
  frozen: new Map([
    ["w0", matrix(H)],
    ["w1", matrix(H)],
    ["words", matrix(V)],
  ]),
  compute({ input, trainable, frozen }) {
    let x: Tensor = input.x!;
    for (const layer of [0, 1]) {
      x = ops.tanh(lowRankLinear(x, frozen(`w${layer}`), undefined, trainable[`A${layer}`]!, trainable[`B${layer}`]!));
    }
    return { loss: ops.sum(linearCrossEntropy(x, frozen("words"), undefined, input.targets!, CHUNKS[0])) };
  },
};

const { graph } = traceStep(step);
const order = executionOrder(inFileOrder(graph));
const placeOf = (isIt: (node: GraphNode) => boolean): number[] =>
  order.flatMap((node, place) => (isIt(node) ? [place] : []));

test("the order of execution is what ONNX Runtime's own profile says", async () => {
  const folder = await mkdtemp(join(tmpdir(), "blora-order-"));
  const nodes = inFileOrder(graph);
  const inMemory = graph.initializers.map((initializer) => {
    const { data, shape } = initializer;
    return { ...initializer, data: data instanceof Uint8Array ? data : new Uint8Array(2 * shape[0]! * shape[1]!) };
  });
  const session = await InferenceSession.create(
    writeModel({ ...graph, nodes, initializers: inMemory }, () => ""),
    {
      ...sessionOptions({ threads: 1, providers: ["cpu"] }),
      enableProfiling: true,
      profileFilePrefix: join(folder, "profile"),
    },
  );
  const feeds = graph.inputs.map(({ name, shape, type }) => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const values = type === "int32" ? new Int32Array(size) : new Float32Array(size);
    return [name, new OnnxTensor(type as "int32" | "float32", values as never, shape as number[])] as const;
  });
  await session.run(Object.fromEntries(feeds));
  session.endProfiling();
  await session.release();
  const [profile] = await readdir(folder);
  const events = JSON.parse(await readFile(join(folder, profile!), "utf8")) as {
    readonly name: string;
    readonly args?: { readonly node_index?: string };
  }[];
  await rm(folder, { recursive: true });
  const ran = events.filter(({ name }) => name.endsWith("_kernel_time")).map(({ args }) => Number(args!.node_index));
  expect(ran.map((index) => nodes[index]!.outputs)).toEqual(order.map(({ outputs }) => outputs));
});

test("a weight is cast right before its product, not with those of all layers", () => {
  const casts = placeOf(
    ({ operator, inputs }) => operator === "Cast" && graph.initializers.some(({ name }) => name === inputs[0]),
  );
  const readers = casts.map((place) => placeOf(({ inputs }) => inputs.includes(order[place]!.outputs[0]!))[0]! - place);
  expect(casts.length).toBeGreaterThan(4);
  expect(Math.max(...readers)).toBe(1);
});

test("the logits of a chunk are gone before those of the next are there", () => {
  const isWide = ({ values }: GraphNode): boolean =>
    values?.[0]?.shape[0] === M && CHUNKS.includes(values[0].shape[1] ?? 0);
  const logits = placeOf((node) => node.operator === "FusedMatMul" && isWide(node));
  expect(logits).toHaveLength(CHUNKS.length);
  const lastUses = placeOf(isWide).map((made) => {
    return { made, used: Math.max(...placeOf(({ inputs }) => inputs.includes(order[made]!.outputs[0]!))) };
  });
  for (const place of logits) expect(lastUses.filter(({ made, used }) => made < place && used > place)).toEqual([]);
});
