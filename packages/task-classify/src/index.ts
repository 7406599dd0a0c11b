export { classify } from "./classify.ts";
export type { ClassifyOptions } from "./options.ts";
export { understandData } from "./understand-data.ts";
