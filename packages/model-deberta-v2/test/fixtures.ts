import { readdirSync, readFileSync } from "node:fs";
import type { Architecture, Batch, Context, ForwardInputs, Head } from "@blora/spec";
import { linear, lowRankLinear, ops, sizeOf, softmaxCrossEntropy, type Tensor } from "@blora/tensor";
import { createTestContext } from "@blora/testing";
import type { DebertaV2Config } from "../src/index.ts";

const FOLDER = new URL("../../../fixtures/deberta-v2/", import.meta.url);

/** A batch as fixtures/deberta-v2/make.py wrote it. */
export interface Case {
  readonly input_ids: readonly number[][];
  readonly attention_mask: readonly number[][];
  readonly token_type_ids?: readonly number[][];
  readonly positions?: readonly number[];
  readonly labels: readonly number[];
}

/** One option set: a checkpoint, its adapters and what Hugging Face computes with them. */
export interface OptionSet {
  readonly name: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly checkpoint: ReadonlyMap<string, Tensor>;
  readonly expected: ReadonlyMap<string, Tensor>;
  readonly scale: number;
  readonly head: Head;
  readonly cases: Readonly<Record<string, Case>>;
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, FOLDER), "utf8"));
}

export function optionSetNames(): string[] {
  const entries = readdirSync(FOLDER, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

export function readOptionSet(name: string): OptionSet {
  const document = readJson(`${name}/cases.json`) as { head: Head["kind"]; scale: number; cases: Record<string, Case> };
  const json = readJson(`${name}/config.json`) as { id2label?: Record<string, string> };
  return {
    name,
    json,
    checkpoint: readTensors(`${name}/model.safetensors`),
    expected: readTensors(`${name}/expected.safetensors`),
    scale: document.scale,
    // Hugging Face leaves the names of two labels out.
    head: { kind: document.head, labels: Object.values(json.id2label ?? { 0: "LABEL_0", 1: "LABEL_1" }) } as Head,
    cases: document.cases,
  };
}

/** The float32 tensors of a safetensors file this repository made. */
function readTensors(path: string): Map<string, Tensor> {
  const file = readFileSync(new URL(path, FOLDER));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, start)) as Record<string, unknown>;
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { shape, data_offsets } = entry as { shape: number[]; data_offsets: [number, number] };
    const bytes = file.buffer.slice(
      file.byteOffset + start + data_offsets[0],
      file.byteOffset + start + data_offsets[1],
    );
    tensors.set(name, ops.tensor(new Float32Array(bytes), shape));
  }
  return tensors;
}

export function toBatch(batch: Case): Batch {
  const shape = [batch.input_ids.length, batch.input_ids[0]!.length];
  const int = (rows: readonly number[][]): Tensor => ops.tensor(Int32Array.from(rows.flat()), shape, "int32");
  return {
    inputIds: int(batch.input_ids),
    attentionMask: ops.tensor(Float32Array.from(batch.attention_mask.flat()), shape),
    ...(batch.token_type_ids === undefined ? {} : { tokenTypeIds: int(batch.token_type_ids) }),
    ...(batch.positions === undefined ? {} : { positions: ops.tensor([...batch.positions], undefined, "int32") }),
  };
}

/** Inputs of a forward pass over an option set. `matrices` are A and B of every site, by `path/A` and `path/B`. */
export function forwardInputs(
  architecture: Architecture<DebertaV2Config>,
  set: OptionSet,
  batch: Batch,
  matrices: ReadonlyMap<string, Tensor>,
  context: Context = createTestContext("eval"),
): ForwardInputs<DebertaV2Config> {
  const config = architecture.parseConfig(set.json);
  const shapes = new Map(architecture.parameters(config, set.head).map(({ name, shape }) => [name, shape]));
  const lookup = (name: string): Tensor => {
    const stored = [name, ...architecture.aliases!(name)].find((candidate) => set.checkpoint.has(candidate));
    const tensor = stored === undefined ? undefined : set.checkpoint.get(stored)!;
    const shape = shapes.get(name);
    if (tensor === undefined || shape === undefined) throw new Error(`no parameter ${name}`);
    if (sizeOf(shape) !== tensor.size || `${shape}` !== `${tensor.shape}`)
      throw new Error(`${name} is ${tensor.shape}`);
    return tensor;
  };
  return {
    config,
    head: set.head,
    lookup,
    batch,
    context,
    linear: (path, x) => {
      const weight = lookup(`${path}.weight`);
      const bias = lookup(`${path}.bias`);
      const A = matrices.get(`${path}/A`);
      if (A === undefined) return linear(x, weight, bias);
      return lowRankLinear(x, weight, bias, A, ops.mul(matrices.get(`${path}/B`)!, set.scale));
    },
  };
}

/** Mean cross entropy, or mean squared error for regression. */
export function meanLoss(head: Head, logits: Tensor, labels: readonly number[]): Tensor {
  if (head.kind === "regression")
    return ops.mean(ops.square(ops.sub(ops.reshape(logits, [-1]), ops.tensor([...labels]))));
  const targets = ops.oneHot(ops.tensor([...labels], undefined, "int32"), logits.shape[1]!);
  return ops.mean(softmaxCrossEntropy(logits, ops.cast(targets, "float32")));
}
