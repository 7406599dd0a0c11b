import { describeAdapter, readPeft, readPeftConfig } from "@blora/adapters";
import {
  type Adapter,
  type Head,
  InvalidInputError,
  type JsonObject,
  type LowRankUpdate,
  type Method,
  orDidYouMean,
} from "@blora/spec";
import { type HostTensor, ops } from "@blora/tensor";
import { requireOrderOf } from "./load-weights.ts";
import type { Network } from "./network.ts";

/** A trained adapter as plain LoRA: what computing with it takes, whatever method trained it. */
export interface PlainAdapter {
  /** By site path. */
  readonly updates: ReadonlyMap<string, LowRankUpdate>;
  /** Tensors trained as the head, by the architecture's names. */
  readonly headTensors: Readonly<Record<string, HostTensor>>;
  readonly head: Head;
  /** Longest text it was trained with, in tokens; Infinity where nothing tells. */
  readonly maxSeqLength: number;
}

/**
 * Reads an adapter of this project or of PEFT for a network.
 *
 * @param given what the adapter predicts, where neither it nor the model says so: a classifier of PEFT has no label names
 * @throws InvalidInputError listing everything that does not fit the network, before any tensor is read
 */
export async function readPlainAdapter(folder: string, network: Network, given?: Head): Promise<PlainAdapter> {
  const description = await describeAdapter(folder);
  const head =
    given ?? description?.head ?? requireHead(readPeftConfig(folder).taskType, network.checkpoint.config, folder);
  const tensors = network.tensors(head);
  if (description === undefined) requireOrderOf(folder, tensors.isReordered);
  const adapter = readPeft(folder, {
    linears: network.linears,
    head: new Map(tensors.head.map(({ name, shape }) => [name, shape])),
    baseTensor: tensors.read,
  });
  const updates = [...adapter.updates].map(([path, { rank, A, B, scale }]) => {
    return [path, { rank, A, B: scale === 1 ? B : B.map((value) => scale * value) }] as const;
  });
  const maxSeqLength = description?.maxSeqLength ?? Infinity;
  return { updates: new Map(updates), headTensors: adapter.head, head, maxSeqLength };
}

/** What PEFT's task type, which it need not have, and the model's `config.json` say together; undefined where they do not. */
export function headOf(
  taskType: string | undefined,
  { architectures, id2label, problem_type }: JsonObject,
): Head | undefined {
  const isDecoder = Array.isArray(architectures) && /ForCausalLM$|LMHeadModel$/.test(String(architectures[0]));
  if (taskType === "CAUSAL_LM" || (taskType === undefined && isDecoder)) return { kind: "language-model" };
  if (problem_type === "regression") return { kind: "regression" };
  if (typeof id2label !== "object" || id2label === null) return undefined;
  const labels = Object.values(id2label).map(String);
  if (taskType === "TOKEN_CLS") return { kind: "token-classification", labels };
  const several = problem_type === "multi_label_classification" && { several: true as const };
  return { kind: "classification", labels, ...several };
}

function requireHead(taskType: string | undefined, config: JsonObject, folder: string): Head {
  const head = headOf(taskType, config);
  if (head !== undefined) return head;
  throw new InvalidInputError(
    `${folder}: expected the labels of the adapter in id2label of the model's config.json, found none. Give its head.`,
  );
}

/**
 * The network's linear maps with the update in factors, x·W0ᵀ + b + (x·Aᵀ)·Bᵀ:
 * a merged matrix for each adapter would cost as much as the base.
 */
export const plainMethod: Pick<Method, "apply"> = {
  apply({ parameters: { A, B } }, x, base) {
    return ops.add(base.apply(x), ops.matMul(ops.matMul(x, A!, false, true), B!, false, true));
  },
};

/** Adapters of `plainMethod`: A [R, I] and B [O, R], any scale folded into B. */
export function plainWeights({ updates }: PlainAdapter): ReadonlyMap<string, Adapter> {
  return new Map(
    [...updates].map(([path, { rank, A, B }]): [string, Adapter] => [
      path,
      {
        layout: { rank },
        parameters: {
          A: { shape: [rank, A.length / rank], values: A, group: "weights" },
          B: { shape: [B.length / rank, rank], values: B, group: "weights" },
        },
      },
    ]),
  );
}

/** @throws InvalidInputError that lists every site the network lacks or has in another shape */
export function requireFit({ linears, name }: Network, { updates }: PlainAdapter, origin: string): void {
  const known = new Map(linears.map((site) => [site.path, site]));
  const faults = [...updates].flatMap(([path, { rank, A, B }]) => {
    const site = known.get(path);
    if (site === undefined) return [`no linear map ${path}${orDidYouMean(path, known.keys())}`];
    const { inFeatures: I, outFeatures: O } = site;
    if (A.length === rank * I && B.length === rank * O) return [];
    return [`${path} of shape [${O}, ${I}], the adapter is for [${B.length / rank}, ${A.length / rank}]`];
  });
  if (faults.length === 0) return;
  throw new InvalidInputError(`${origin} does not fit ${name}: found ${faults.join("; ")}.`);
}
