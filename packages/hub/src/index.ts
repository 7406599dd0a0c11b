export { hubEndpoint } from "./connection.ts";
export type { DownloadProgress } from "./download.ts";
export { checkHubTarget, type HubTarget, type PublishedFile, publishToHub } from "./publish-to-hub.ts";
export { hubSnapshot } from "./repository-cache.ts";
export { resolveAdapter } from "./resolve-adapter.ts";
export { type DatasetSnapshot, type ResolveDatasetOptions, resolveDataset } from "./resolve-dataset.ts";
export { readModelConfig, resolveModel } from "./resolve-model.ts";
export type { ResolveModelOptions } from "./resolve-repository.ts";
