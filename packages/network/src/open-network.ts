import { type AdapterDescription, describeAdapter, isPeft, textLimitOf } from "@blora/adapters";
import { type Head, InvalidInputError, type Method, roundsMore } from "@blora/spec";
import { requireNotMerged } from "./base-model.ts";
import { type BoundNetwork, bindNetwork, sitesOf } from "./bind-network.ts";
import { loadAdapterWeights, requireSameHead, requireWholeHead } from "./load-weights.ts";
import type { Network } from "./network.ts";
import { type AdapterForm, type OpenNetwork, openPlain } from "./open-plain.ts";
import { readPlainAdapter } from "./read-plain-adapter.ts";

/** An adapter to open. */
export interface AdapterSource {
  /** Written by this project or by PEFT. */
  readonly folder: string;
  /** What it predicts: must be what the adapter says, where it says so. */
  readonly head?: Head | undefined;
  /** What computes the trained form, such as the method the adapter names, made by a registry. */
  readonly method?: Method | undefined;
  /** Default `plain` where there is one and evaluation rounds nothing besides it, so that both compute the same; else `trained`. */
  readonly form?: AdapterForm | undefined;
}

/** Draws head tensors that a checkpoint without an adapter lacks. */
const HEAD_SEED = 0;

/**
 * A network with the adapter of a folder in place.
 *
 * @throws InvalidInputError where the adapter was trained for another head or other sites, is in the network's weights
 *   already, or its trained form is asked for without its method
 */
export async function openAdapter(network: Network, source: AdapterSource): Promise<OpenNetwork> {
  const { folder, head, method } = source;
  await requireNotMerged(network.checkpoint.folder, folder);
  const description = await describeAdapter(folder);
  if (description !== undefined && head !== undefined) requireSameHead(folder, description.head, head);
  const form = source.form ?? formOf(folder, description);
  if (form === "plain") return openPlain(network, await readPlainAdapter(folder, network, head), folder);
  if (method === undefined) throw new InvalidInputError(`${folder}: ${methodNeeded(folder, description)}`);
  const expected = head ?? description?.head;
  if (expected === undefined) throw new InvalidInputError(`${folder}: expected the head of the adapter, found none.`);
  return openTrained(network, folder, method, expected, description?.maxSeqLength);
}

/** `plain` where that computes what evaluation does. A network that was trained whole has no update that would be plain. */
function formOf(folder: string, description: AdapterDescription | undefined): AdapterForm {
  return description !== undefined && (roundsMore(description.bops) || !isPeft(folder)) ? "trained" : "plain";
}

function methodNeeded(folder: string, description: AdapterDescription | undefined): string {
  if (description === undefined) return "expected the method of the trained form, found none.";
  const { method, bops } = description;
  if (!isPeft(folder)) return `it holds no plain LoRA: expected the method ${String(method.$plugin)}, found none.`;
  return `evaluation rounds more than the adapter (scope ${bops.scope}), which plain LoRA does not: expected the method ${String(method.$plugin)}, found none. Give it, or ask for the form plain, which computes something else.`;
}

async function openTrained(
  network: Network,
  folder: string,
  method: Method,
  head: Head,
  maxSeqLength = Infinity,
): Promise<OpenNetwork> {
  const bound = bindNetwork(network, method, head, undefined, HEAD_SEED);
  return { ...bound, name: network.name, ...(await placeAdapter(folder, bound)), maxSeqLength };
}

/**
 * The adapter of a folder in its trained form, for a network that is bound to its method.
 *
 * @throws InvalidInputError where it was trained for another head or other sites, or with other options
 */
export async function placeAdapter(
  folder: string,
  bound: BoundNetwork,
): Promise<Pick<OpenNetwork, "sites" | "weights" | "form">> {
  const description = await describeAdapter(folder);
  if (description !== undefined) requireSameHead(folder, description.head, bound.head);
  const { weights, form } = await loadAdapterWeights(folder, bound);
  requireWholeHead(folder, bound, weights);
  return { sites: sitesOf(bound, weights.adapters.keys(), folder), weights, form };
}

/** A network as its checkpoint has it, head included. Whole texts are cut where its tokenizer says, as pipelines of transformers cut them. */
export function openBase(network: Network, head: Head): OpenNetwork {
  const maxSeqLength = head.kind === "language-model" ? Infinity : textLimitOf(network.checkpoint.folder);
  return openPlain(network, { updates: new Map(), headTensors: {}, head, maxSeqLength }, network.name);
}
