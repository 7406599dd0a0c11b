import { resolveModel } from "@blora/weights";
import type { AdaptedModel } from "./adapted-model.ts";
import { type LoadModelOptions, loadModel } from "./load-model.ts";
import { baseModelOf } from "./plain-adapter.ts";

/** As `loadModel`; the model is the one the adapter names where none is given. */
export type LoadAdapterOptions = Omit<LoadModelOptions, "model"> & { readonly model?: string };

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
  const base = options.model ?? (await baseModelOf(await resolveModel(adapter, options.resolve)));
  const model = await loadModel({ ...options, model: base });
  return { ...(await model.loadAdapter(adapter)), release: model.release };
}
