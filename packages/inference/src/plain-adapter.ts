import { describeAdapter, readPeft, readPeftConfig } from "@blora/adapters";
import { type Head, InvalidInputError, type JsonObject, type LowRankUpdate } from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
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

/** The model an adapter was trained on: Hub id or folder. @throws InvalidInputError where the adapter names none */
export async function baseModelOf(folder: string): Promise<string> {
  const baseModel = (await describeAdapter(folder))?.baseModel ?? readPeftConfig(folder).baseModel;
  if (baseModel !== undefined) return baseModel;
  throw new InvalidInputError(`${folder}: expected the name of a base model, found none. Give one.`);
}

/**
 * Reads an adapter of this project or of PEFT for a network.
 *
 * @param given what the adapter predicts, where neither it nor the model says so: a classifier of PEFT has no label names
 * @throws InvalidInputError listing everything that does not fit the network, before any tensor is read
 */
export async function readPlainAdapter(folder: string, network: Network, given?: Head): Promise<PlainAdapter> {
  const description = await describeAdapter(folder);
  const head = given ?? description?.head ?? headOf(readPeftConfig(folder).taskType, network.checkpoint.config, folder);
  const parameters = network.architecture.parameters(network.config, head);
  const shapes = parameters.flatMap(({ name, shape, role }) => (role === "head" ? [[name, shape] as const] : []));
  const adapter = readPeft(folder, { linears: network.linears, head: new Map(shapes) });
  const updates = [...adapter.updates].map(([path, { rank, A, B, scale }]) => {
    return [path, { rank, A, B: scale === 1 ? B : B.map((value) => scale * value) }] as const;
  });
  const maxSeqLength = description?.maxSeqLength ?? Infinity;
  return { updates: new Map(updates), headTensors: adapter.head, head, maxSeqLength };
}

/** What PEFT's task type and the model's `config.json` say together. */
function headOf(taskType: string | undefined, { id2label, problem_type }: JsonObject, folder: string): Head {
  if (taskType === "CAUSAL_LM") return { kind: "language-model" };
  if (problem_type === "regression") return { kind: "regression" };
  if (typeof id2label === "object" && id2label !== null) {
    return { kind: "classification", labels: Object.values(id2label).map(String) };
  }
  throw new InvalidInputError(
    `${folder}: expected the labels of the adapter in id2label of the model's config.json, found none. Give its head.`,
  );
}
