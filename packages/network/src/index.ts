export { type BaseModel, baseModelOf, requireBaseModel, requireSameBase } from "./base-model.ts";
export { loadAdapterWeights } from "./load-weights.ts";
export {
  type AdapterForm,
  type AdapterSource,
  type OpenNetwork,
  openAdapter,
  openBase,
  openPlain,
  placeAdapter,
} from "./open-network.ts";
export { headOf, type PlainAdapter, plainMethod, readPlainAdapter } from "./plain-adapter.ts";
export * from "./web.ts";
