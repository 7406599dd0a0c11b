export { baseLinear } from "./base-linear.ts";
export { type BoundNetwork, bindNetwork, drawnTensors, sitesOf } from "./bind-network.ts";
export { requireFinite } from "./finite.ts";
export {
  BLOCK,
  type CacheShape,
  cacheNames,
  cacheOf,
  cacheSpecs,
  createKeyValueStore,
  type KeyValueStore,
  keepKeyValues,
} from "./key-values.ts";
export { type Layouts, layoutsOf } from "./layouts.ts";
export { type Network, type NetworkTensors, openNetwork } from "./network.ts";
export {
  type CompiledNetworkStep,
  compileNetworkStep,
  createNetworkRunner,
  type NetworkRunner,
  type NetworkStep,
  type PlaceOf,
} from "./network-step.ts";
export { type AdapterForm, type OpenNetwork, openPlain } from "./open-plain.ts";
export { type PlainAdapter, plainMethod } from "./plain-adapter.ts";
export { createStepCache, type StepCache, type StepCacheOptions } from "./step-cache.ts";
export {
  continuationFeeds,
  continuationInputs,
  roundedSize,
  type TokenRow,
  type TokenShape,
  tokenFeeds,
  tokenInputs,
} from "./tokens.ts";
export {
  type AdaptedNetwork,
  batchOf,
  type NetworkInputs,
  requireLanguageModel,
  type SiteVisitor,
  type TraceableNetwork,
  traceNetwork,
} from "./trace-network.ts";
