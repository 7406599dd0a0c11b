export type { BackendId } from "./backends/backend.ts";
export type { TfjsOptions } from "./engine.ts";
export { tfjs } from "./plugin.ts";
