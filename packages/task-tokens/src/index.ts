export type { TagScheme, TokensOptions } from "./options.ts";
export { tokens } from "./tokens.ts";
export { understandData } from "./understand-data.ts";
