import { describeAdapter, readPeft, readPeftConfig } from "@blora/adapters";
import { type Head, InvalidInputError, type JsonObject } from "@blora/spec";
import { requireOrderOf } from "./load-weights.ts";
import type { Network } from "./network.ts";
import type { PlainAdapter } from "./plain-adapter.ts";
import { requirePlain } from "./require-plain.ts";

/**
 * Reads an adapter of this project or of PEFT for a network.
 *
 * @param given what the adapter predicts, where neither it nor the model says so: a classifier of PEFT has no label names
 * @throws InvalidInputError listing everything that does not fit the network, before any tensor is read
 */
export async function readPlainAdapter(folder: string, network: Network, given?: Head): Promise<PlainAdapter> {
  const description = await describeAdapter(folder);
  requirePlain(folder);
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
