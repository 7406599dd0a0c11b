import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Architecture, Batch, Context, FileSlice, ForwardInputs, FrozenTensor, Head } from "@blora/spec";
import { linear, lowRankLinear, ops, sizeOf, softmaxCrossEntropy, type Tensor } from "@blora/tensor";
import { createTestContext } from "../context.ts";

/** A batch as `cases.json` has it. */
export interface ReferenceCase {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  readonly token_type_ids?: readonly (readonly number[])[];
  readonly position_ids?: readonly (readonly number[])[];
  readonly positions?: readonly number[];
  /** One a row, 0 or 1 for each class of a row, or one a token, -100 where a token has none. */
  readonly labels: readonly number[] | readonly (readonly number[])[];
}

/** A small checkpoint, its adapters, and what another implementation computes with them. */
export interface ReferenceModel {
  /** `config.json` */
  readonly json: unknown;
  /** Every tensor of the checkpoint, where and as it is stored. */
  readonly stored: ReadonlyMap<string, FrozenTensor>;
  /** Its float32 tensors, by the same names. */
  readonly checkpoint: ReadonlyMap<string, Tensor>;
  /** `adapter/<path>/A`, `<case>/logits`, `<case>/loss`, `<case>/gradient/<path>/A`, … */
  readonly expected: ReadonlyMap<string, Tensor>;
  /** What ΔW = B·A is multiplied by. */
  readonly scale: number;
  readonly head: Head;
  readonly cases: Readonly<Record<string, ReferenceCase>>;
}

/**
 * Reads a folder with `config.json`, `cases.json`, the float32
 * `expected.safetensors`, and weights in `model.safetensors` or in the shards
 * its index names.
 */
export function readReferenceModel(folder: URL): ReferenceModel {
  const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
  const json = readJson("config.json") as { id2label?: Record<string, string> };
  const { head, several, scale, cases } = readJson("cases.json");
  const index = "model.safetensors.index.json";
  const shards: ReadonlySet<string> = existsSync(new URL(index, folder))
    ? new Set(Object.values<string>(readJson(index).weight_map))
    : new Set(["model.safetensors"]);
  const stored = new Map([...shards].flatMap((name) => [...readStored(new URL(name, folder))]));
  return {
    json,
    stored,
    checkpoint: floatTensors(stored),
    expected: floatTensors(readStored(new URL("expected.safetensors", folder))),
    scale,
    // Hugging Face leaves the names of two labels out.
    head: {
      kind: head,
      labels: Object.values(json.id2label ?? { 0: "LABEL_0", 1: "LABEL_1" }),
      ...(several === true && { several }),
    } as Head,
    cases,
  };
}

const STORAGE = { F32: "f32", F16: "f16", BF16: "bf16" } as const;

/** The tensors of a safetensors file, by name. */
function readStored(url: URL): Map<string, FrozenTensor> {
  const path = fileURLToPath(url);
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, start)) as Record<string, unknown>;
  const tensors = new Map<string, FrozenTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets } = entry as {
      dtype: keyof typeof STORAGE;
      shape: number[];
      data_offsets: [number, number];
    };
    const [from, to] = data_offsets;
    tensors.set(name, { shape, storage: STORAGE[dtype], source: { path, offset: start + from, length: to - from } });
  }
  return tensors;
}

function floatTensors(stored: ReadonlyMap<string, FrozenTensor>): Map<string, Tensor> {
  const floats = [...stored].filter(([, { storage }]) => storage === "f32");
  return new Map(
    floats.map(([name, { shape, source }]) => {
      const { path, offset, length } = source as FileSlice;
      const bytes = Uint8Array.from(readFileSync(path).subarray(offset, offset + length));
      return [name, ops.tensor(new Float32Array(bytes.buffer), [...shape])];
    }),
  );
}

export function toBatch(batch: ReferenceCase): Batch {
  const shape = [batch.input_ids.length, batch.input_ids[0]!.length];
  const int = (rows: readonly (readonly number[])[]): Tensor =>
    ops.tensor(Int32Array.from(rows.flat()), shape, "int32");
  return {
    inputIds: int(batch.input_ids),
    attentionMask: ops.tensor(Float32Array.from(batch.attention_mask.flat()), shape),
    ...(batch.token_type_ids === undefined ? {} : { tokenTypeIds: int(batch.token_type_ids) }),
    ...(batch.position_ids === undefined ? {} : { positionIds: int(batch.position_ids) }),
    ...(batch.positions === undefined ? {} : { positions: ops.tensor([...batch.positions], undefined, "int32") }),
  };
}

/**
 * Inputs of a forward pass over a reference model. `matrices` are A and B of
 * the adapted sites, by `<path>/A` and `<path>/B`; `weightOf` gives the tensors
 * of the checkpoint by the names it uses.
 */
export function referenceInputs<Config>(
  architecture: Architecture<Config>,
  model: ReferenceModel,
  batch: Batch,
  matrices: ReadonlyMap<string, Tensor> = new Map(),
  context: Context = createTestContext("eval"),
  weightOf: (stored: string) => Tensor = (stored) => model.checkpoint.get(stored)!,
): ForwardInputs<Config> {
  const config = architecture.parseConfig(model.json);
  const shapes = new Map(architecture.parameters(config, model.head).map(({ name, shape }) => [name, shape]));
  const lookup = (name: string): Tensor => {
    const candidates = [name, ...(architecture.aliases?.(name) ?? [])];
    const stored = candidates.find((candidate) => model.stored.has(candidate));
    const shape = shapes.get(name);
    if (stored === undefined || shape === undefined) throw new Error(`no parameter ${name}`);
    const tensor = weightOf(stored);
    if (sizeOf(shape) !== tensor.size || `${shape}` !== `${tensor.shape}`) {
      throw new Error(`${name} is ${tensor.shape}`);
    }
    return tensor;
  };
  const lookupIfAny = (name: string): Tensor | undefined => (shapes.has(name) ? lookup(name) : undefined);
  return {
    config,
    head: model.head,
    lookup,
    batch,
    context,
    linear: (path, x) => {
      const weight = lookup(`${path}.weight`);
      const bias = lookupIfAny(`${path}.bias`);
      const A = matrices.get(`${path}/A`);
      if (A === undefined) return linear(x, weight, bias);
      return lowRankLinear(x, weight, bias, A, ops.mul(matrices.get(`${path}/B`)!, model.scale));
    },
  };
}

/**
 * Mean cross entropy over the answers that have a label, mean squared error for regression, or mean binary cross
 * entropy over all classes where a text has several.
 */
export function referenceLoss(head: Head, logits: Tensor, labels: ReferenceCase["labels"]): Tensor {
  const all = labels.flat();
  if (head.kind === "regression") {
    return ops.mean(ops.square(ops.sub(ops.reshape(logits, [-1]), ops.tensor(all))));
  }
  if (head.kind === "classification" && head.several === true) {
    const isClass = ops.tensor(all, [...logits.shape]);
    return ops.mean(ops.sub(ops.softplus(logits), ops.mul(logits, isClass)));
  }
  const C = logits.shape.at(-1)!;
  const places = [...all.keys()].filter((place) => all[place]! >= 0);
  const answers = ops.gather(ops.reshape(logits, [all.length, C]), ops.tensor(places, [places.length], "int32"));
  const known = places.map((place) => all[place]!);
  const targets = ops.oneHot(ops.tensor(known, [known.length], "int32"), C);
  return ops.mean(softmaxCrossEntropy(answers, ops.cast(targets, "float32")));
}
