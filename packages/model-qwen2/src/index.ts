export type { Qwen2Config } from "./config.ts";
export { qwen2 } from "./qwen2.ts";
