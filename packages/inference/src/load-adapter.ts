import { resolveAdapter } from "@blora/hub";
import { baseModelOf } from "@blora/network";
import type { AdaptedModel } from "./adapted-model.ts";
import { type AdapterOptions, adapterSource, type LoadModelOptions, loadModel } from "./load-model.ts";

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
  const base =
    options.model ??
    (await baseModelOf(await resolveAdapter(adapter, adapterSource(options.resolve, options.adapter))));
  const model = await loadModel({ ...options, model: base });
  return { ...(await model.loadAdapter(adapter, options.adapter)), release: model.release };
}
