export { adaptedLinear, type TracedUpdates } from "./adapted-linear.ts";
export type { AdaptedModel, Classification } from "./adapted-model.ts";
export { type AdapterWeights, readAdapterWeights } from "./adapter-weights.ts";
export { type LoadAdapterOptions, loadAdapter } from "./load-adapter.ts";
export { createLoadedModel, type LoadedModel, type LoadModelOptions, loadModel } from "./load-model.ts";
export type { TextInput } from "./logits.ts";
export { type BoundNetwork, type Network, openNetwork } from "./network.ts";
