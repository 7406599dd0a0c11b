import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  copyCompanionFiles,
  readTextIfPresent,
  requireEmptyFolder,
  requireFreeSpace,
  writeNewFolderDurably,
} from "@blora/files";
import {
  type Adapter,
  type Architecture,
  configWithHead,
  type Head,
  InvalidInputError,
  type JsonObject,
  type LinearSite,
  type LowRankUpdate,
  type Method,
  NumericalError,
  roundsMore,
} from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import {
  type Checkpoint,
  type CheckpointTensor,
  encodeFloats,
  firstNonFinite,
  isFloatType,
  matchParameters,
  readBytes,
} from "@blora/weights";
import { exportUpdates } from "../peft/plain-files.ts";
import type { AdapterWeights } from "../weights.ts";
import { configText } from "./config-text.ts";
import { mergedWeight } from "./merged-weight.ts";
import { type SizedTensor, writeShards } from "./shards.ts";
import { limitTexts } from "./text-limit.ts";

export interface MergeOptions {
  readonly architecture: Architecture;
  readonly checkpoint: Checkpoint;
  readonly method: Method;
  readonly head: Head;
  readonly weights: AdapterWeights;
  /** Folder to write: absent, or empty. */
  readonly out: string;
  /** Default 5 GB, as transformers has it. */
  readonly maxShardBytes?: number;
  /**
   * Merge although evaluation rounds more than the adapter: activations stay as they are, and weights that
   * evaluation rounds are written rounded, in the dtype of the base.
   */
  readonly plain?: boolean;
  /** Id that the tokenizer pads with: written down where a decoder's classifier needs it to find the last token. */
  readonly padId?: number;
  /** Longest text the adapter was trained with, in tokens: the merged tokenizer cuts there where whole texts are answered. */
  readonly maxSeqLength?: number;
}

export interface MergeReport {
  /** Weights that an update was added to. */
  readonly merged: number;
  /** Tensors taken from the adapter as they are. */
  readonly replaced: number;
  readonly files: readonly string[];
}

const DEFAULT_SHARD_BYTES = 5e9;
type FloatType = "F32" | "F16" | "BF16";

/**
 * Writes the base model with the adapter added to its weights: a checkpoint
 * that needs neither PEFT nor this project. Every tensor keeps its dtype
 * (rounded to nearest, ties to even), and one at a time is in memory.
 *
 * @throws InvalidInputError where evaluation rounds more than the adapter and `plain` is not set, or `out` holds something
 * @throws NumericalError where a tensor the model computes with would not be finite, in the type it is stored as
 */
export async function mergeAdapter(options: MergeOptions): Promise<MergeReport> {
  const { checkpoint, method, out } = options;
  if (roundsMore(method) && !options.plain) {
    throw new InvalidInputError(
      `expected an adapter whose evaluation rounds nothing besides itself, found scope ${method.scope}, which no merged checkpoint can express. Merge it all the same with --plain, and look at the difference.`,
    );
  }
  requireEmptyFolder(out);
  const { tensors, merged, replaced } = planTensors(options);
  let files: string[] = [];
  await writeNewFolderDurably(out, async (folder) => {
    const needed = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
    await requireFreeSpace(folder, needed, { what: "the merged weights", advice: "Choose a folder with more room." });
    files = writeShards(folder, tensors, options.maxShardBytes ?? DEFAULT_SHARD_BYTES);
    const source = (await readTextIfPresent(join(checkpoint.folder, "config.json"))) ?? "";
    writeFileSync(join(folder, "config.json"), configText(mergedConfig(options), source));
    copyCompanionFiles(checkpoint.folder, folder);
    if (options.head.kind !== "language-model") await limitTexts(folder, options.maxSeqLength ?? Infinity);
  });
  return { merged, replaced, files };
}

function mergedConfig({ architecture, checkpoint: { config }, head, weights, padId }: MergeOptions): JsonObject {
  const readsLastToken =
    architecture.languageModel !== undefined && (head.kind === "classification" || head.kind === "regression");
  const padding = readsLastToken && padId !== undefined ? { pad_token_id: padId } : {};
  const isTrained = Object.keys(weights.head).length > 0;
  return { ...(isTrained ? configWithHead(config, head) : config), ...padding };
}

interface Plan {
  readonly tensors: readonly SizedTensor[];
  readonly merged: number;
  readonly replaced: number;
}

function planTensors(options: MergeOptions): Plan {
  const { architecture, checkpoint, method, head, weights } = options;
  const config = architecture.parseConfig(checkpoint.config);
  const sites = architecture.sites(config).filter(({ path }) => weights.adapters.has(path));
  const { found } = matchParameters(architecture.parameters(config, head), checkpoint, {
    aliases: (name) => architecture.aliases?.(name) ?? [],
    replaceHead: true,
  });
  const plan = new Map<string, SizedTensor>(
    [...checkpoint.tensors.values()].map((tensor) => [tensor.name, copied(tensor)]),
  );
  for (const name of replacedOutputs(options, config, found)) plan.delete(name);
  const updates = exportUpdates(method, sites, weights);
  const changed = sites.filter(({ path }) => updates.has(path) || method.artifacts?.roundBase !== undefined);
  for (const site of changed) {
    const tensor = checkpoint.tensors.get(found.get(`${site.path}.weight`)!)!;
    plan.set(tensor.name, mergedTensor(options, site, tensor, updates.get(site.path)));
  }
  const headType = typeOfHead(checkpoint);
  const used = new Set([...found.values(), ...Object.keys(weights.head)]);
  for (const [name, { shape, values }] of Object.entries(weights.head)) {
    const stored = checkpoint.tensors.get(found.get(name) ?? name);
    const type = stored === undefined || !isFloatType(stored.type) ? headType : stored.type;
    const copies = stored === undefined ? [] : copiesOf(stored, checkpoint, used).filter((copy) => plan.has(copy));
    for (const target of [stored?.name ?? name, ...copies]) {
      plan.set(
        target,
        sized(target, type, shape, () => encodeFloats(values, type)),
      );
    }
  }
  const tensors = [...plan.values()]
    .map((tensor) => (used.has(tensor.name) ? requiredFinite(tensor) : tensor))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { tensors, merged: changed.length, replaced: Object.keys(weights.head).length };
}

/**
 * Names of matrices beside the network that hold what one of it does. An output layer that is the embedding may be
 * stored so, and transformers takes the two for one only where they are the same.
 */
function copiesOf(tensor: CheckpointTensor, { tensors }: Checkpoint, used: ReadonlySet<string>): string[] {
  if (tensor.shape.length < 2) return [];
  const isCopy = ({ name, type, shape, source }: CheckpointTensor): boolean =>
    !used.has(name) &&
    type === tensor.type &&
    String(shape) === String(tensor.shape) &&
    Buffer.compare(readBytes(source), readBytes(tensor.source)) === 0;
  return [...tensors.values()].filter(isCopy).map(({ name }) => name);
}

/** Output layers of a language model that is none any more: transformers would call them unexpected. */
function replacedOutputs(
  { architecture, checkpoint, head }: MergeOptions,
  config: unknown,
  found: ReadonlyMap<string, string>,
): string[] {
  if (architecture.languageModel === undefined || head.kind === "language-model") return [];
  const used = new Set(found.values());
  return Object.values(architecture.languageModel.unembedding(config))
    .flatMap((name) => [name, ...(architecture.aliases?.(name) ?? [])])
    .filter((name) => checkpoint.tensors.has(name) && !used.has(name));
}

function copied({ name, type, shape, source }: CheckpointTensor): SizedTensor {
  return { name, type, shape, byteLength: source.length, bytes: () => readBytes(source) };
}

/** The tensor, refused when its bytes are made where a value is none. */
function requiredFinite(tensor: SizedTensor): SizedTensor {
  const { name, type } = tensor;
  if (!isFloatType(type)) return tensor;
  return {
    ...tensor,
    bytes() {
      const bytes = tensor.bytes();
      const wrong = firstNonFinite(bytes, type);
      if (wrong === undefined) return bytes;
      throw new NumericalError(
        `Expected finite values in the merged tensor ${name}, found ${wrong.value} at entry ${wrong.index}: the base or the adapter holds it, or the sum does not fit ${type}.`,
      );
    },
  };
}

function mergedTensor(
  { checkpoint, method, weights }: MergeOptions,
  site: LinearSite,
  { name, type, shape }: CheckpointTensor,
  update: LowRankUpdate | undefined,
): SizedTensor {
  const adapter = weights.adapters.get(site.path) as Adapter;
  return sized(name, type as FloatType, shape, () => {
    const base = checkpoint.read(name);
    const weight = method.artifacts?.roundBase?.(adapter, base) ?? base;
    return encodeFloats(mergedWeight(weight, update), type as FloatType);
  });
}

function sized(name: string, type: FloatType, shape: readonly number[], bytes: () => Uint8Array): SizedTensor {
  return { name, type, shape, byteLength: sizeOf(shape) * (type === "F32" ? 4 : 2), bytes };
}

/** Head tensors the base lacks take the dtype most of it is in. */
function typeOfHead({ tensors }: Checkpoint): FloatType {
  const bytes = new Map<FloatType, number>();
  for (const { type, source } of tensors.values()) {
    if (isFloatType(type)) bytes.set(type, (bytes.get(type) ?? 0) + source.length);
  }
  return [...bytes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "F32";
}
