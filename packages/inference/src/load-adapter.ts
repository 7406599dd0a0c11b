import { resolveAdapter, resolveModel } from "@blora/hub";
import { baseModelOf, requireBaseModel, requireSameBase } from "@blora/network";
import { openCheckpoint, safetensorsFolder } from "@blora/weights";
import type { AdaptedModel } from "./adapted-model.ts";
import {
  type AdapterOptions,
  adapterSource,
  type LoadedModel,
  type LoadModelOptions,
  loadModel,
} from "./load-model.ts";
import { requireAdapterName } from "./require-parts.ts";

/** As `loadModel`; the model is the one the adapter names where none is given. */
export type LoadAdapterOptions = Omit<LoadModelOptions, "model"> & {
  readonly model?: string;
  /** Revision and head of the adapter; `resolve.revision` is the base model's. */
  readonly adapter?: AdapterOptions;
};

/**
 * One adapter on its base model. For several over one base, `loadModel` it and
 * load them there.
 *
 * @param adapter folder, or repository of the Hugging Face Hub
 */
export async function loadAdapter(
  adapter: string,
  options: LoadAdapterOptions,
): Promise<AdaptedModel & { release(): Promise<void> }> {
  requireAdapterName(adapter);
  const model = await (options.model === undefined
    ? loadBase(adapter, options)
    : loadModel({ ...options, model: options.model }));
  return { ...(await model.loadAdapter(adapter, options.adapter)), release: model.release };
}

/** The model an adapter was trained on, at the commit or with the content it then had. */
async function loadBase(adapter: string, options: LoadAdapterOptions): Promise<LoadedModel> {
  const folder = await resolveAdapter(adapter, adapterSource(options.resolve, options.adapter));
  const base = requireBaseModel(await baseModelOf(folder), adapter);
  const { revision = options.resolve?.revision } = base;
  const resolve = { ...options.resolve, ...(revision !== undefined && { revision }) };
  const model = await resolveModel(base.model, resolve);
  await requireSameBase(base, openCheckpoint(await safetensorsFolder(model)), adapter);
  return loadModel({ ...options, model, resolve });
}
