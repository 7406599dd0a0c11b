export { type BaseModel, baseModelOf, requireBaseModel, requireSameBase } from "./base-model.ts";
export { loadAdapterWeights } from "./load-weights.ts";
export { type AdapterSource, openAdapter, openBase, placeAdapter } from "./open-network.ts";
export { headOf, readPlainAdapter } from "./read-plain-adapter.ts";
export * from "./web.ts";
