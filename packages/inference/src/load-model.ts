import { type ResolveModelOptions, resolveAdapter, resolveModel } from "@blora/hub";
import {
  type AdapterSource,
  createStepCache,
  type OpenNetwork,
  openAdapter,
  openBase,
  openNetwork,
  openPlain,
  type PlainAdapter,
} from "@blora/network";
import type { Architecture, Engine, Head, Tokenizer } from "@blora/spec";
import { openCheckpoint, requireVocabulary, safetensorsFolder } from "@blora/weights";
import { type AdaptedModel, createAdaptedModel } from "./adapted-model.ts";
import { isText } from "./require-inputs.ts";
import { has, requireAdapterName, requireHead, requireParts, requireWeights } from "./require-parts.ts";
import { createQueue, type Runtime } from "./runtime.ts";

/** Compiled steps kept. */
const STEPS_KEPT = 24;

export interface LoadModelOptions {
  /** Folder, or model of the Hugging Face Hub. */
  readonly model: string;
  readonly architecture: Architecture;
  /** Stays the caller's: released by the caller. */
  readonly engine: Engine;
  /** A tokenizer, or what loads one from the model's folder, such as `loadTokenizer`. */
  readonly tokenizer: Tokenizer | ((folder: string) => Promise<Tokenizer>);
  /** How a name becomes a folder: cache, token, offline. The revision is the model's; an adapter has its own. */
  readonly resolve?: ResolveModelOptions;
}

/**
 * How an adapter is used. `head` is what it predicts, where neither the adapter nor the model says so. One whose
 * evaluation rounds more than itself (scope `site` or `adapter+activations`) needs the `method` that it names, or the
 * form `plain`, which computes something else.
 */
export interface AdapterOptions extends Omit<AdapterSource, "folder"> {
  /** Branch, tag or commit of an adapter of the Hub. Default `main`. */
  readonly revision?: string | undefined;
}

/** A base model that adapters are put on. Its weights are mapped once, whatever their number. */
export interface LoadedModel {
  /**
   * @param adapter folder, or repository of the Hugging Face Hub; written by this project or by PEFT
   */
  loadAdapter(adapter: string, options?: AdapterOptions): Promise<AdaptedModel>;
  /** An adapter that is already in memory. */
  useAdapter(weights: PlainAdapter): AdaptedModel;
  /** The model as its checkpoint has it, head included. */
  withoutAdapter(head: Head): AdaptedModel;
  /** Frees what adapters share, once what was asked before is done. None of them can be used afterwards. */
  release(): Promise<void>;
}

/** Opens a base model. */
export async function loadModel(options: LoadModelOptions): Promise<LoadedModel> {
  requireOptions(options);
  const { architecture, engine, resolve } = options;
  const folder = await safetensorsFolder(await resolveModel(options.model, resolve));
  const checkpoint = openCheckpoint(folder);
  const tokenizer = typeof options.tokenizer === "function" ? await options.tokenizer(folder) : options.tokenizer;
  const network = openNetwork(architecture, checkpoint, options.model, tokenizer.special.pad);
  requireVocabulary(tokenizer, network.checkpoint, options.model);
  return createLoadedModel({ network, tokenizer, engine }, resolve);
}

function requireOptions(options: Partial<LoadModelOptions> = {}): void {
  const { model, architecture, engine, tokenizer } = options;
  const isTokenizer = (value: unknown): boolean => typeof value === "function" || has("encode")(value);
  requireParts("loadModel", [
    { expected: "a model, such as the path of its folder", value: model, holds: isText },
    { expected: "an architecture, such as bert()", value: architecture, holds: has("parseConfig") },
    { expected: "an engine, such as onnx()", value: engine, holds: has("compile") },
    { expected: "a tokenizer, such as loadTokenizer", value: tokenizer, holds: isTokenizer },
  ]);
}

/** As `loadModel`, from a network that is open. */
export function createLoadedModel(
  parts: Pick<Runtime, "network" | "tokenizer" | "engine">,
  resolve?: ResolveModelOptions,
): LoadedModel {
  const steps = createStepCache(parts.engine, { capacity: STEPS_KEPT });
  const { exclusively, close } = createQueue(parts.network.name);
  const runtime: Runtime = { ...parts, steps, exclusively };
  const { network } = runtime;
  const use = (open: OpenNetwork, origin: string): AdaptedModel => createAdaptedModel(runtime, open, origin);
  return {
    async loadAdapter(adapter, { revision, ...how } = {}) {
      requireAdapterName(adapter);
      const folder = await resolveAdapter(adapter, adapterSource(resolve, { revision }));
      return use(await openAdapter(network, { folder, ...how }), adapter);
    },
    useAdapter(weights) {
      requireWeights(weights);
      return use(openPlain(network, weights, "the adapter"), "the adapter");
    },
    withoutAdapter(head) {
      requireHead("withoutAdapter", head);
      return use(openBase(network, head), network.name);
    },
    release: () => close(steps.release),
  };
}

/** How the name of an adapter becomes a folder: as its model's, but for the revision. */
export function adapterSource(
  { revision: _, ...model }: ResolveModelOptions = {},
  { revision }: AdapterOptions = {},
): ResolveModelOptions {
  return { ...model, ...(revision !== undefined && { revision }) };
}
