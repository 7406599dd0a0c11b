export { registry } from "./registry.ts";
export { trainingEnvironment } from "./run/allocator.ts";
