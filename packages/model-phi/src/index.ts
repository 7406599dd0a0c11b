export type { PhiConfig } from "./config.ts";
export { phi } from "./phi.ts";
