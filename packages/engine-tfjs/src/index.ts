export type { BackendId } from "./backends/backend.ts";
export { BACKEND_IDS } from "./backends/load.ts";
export { MODULE_FOLDER_VARIABLE } from "./backends/native.ts";
export type { TfjsOptions } from "./engine.ts";
export { tfjs } from "./plugin.ts";
