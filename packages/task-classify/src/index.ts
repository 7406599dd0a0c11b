export { classify } from "./classify.ts";
export type { ClassifyOptions } from "./options.ts";
export { type Understood, understandData } from "./understand-data.ts";
