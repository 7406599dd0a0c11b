export type { Activation, DebertaV2Config, PositionTerm, RelativeAttention } from "./config.ts";
export { type DebertaV2Options, debertaV2 } from "./deberta-v2.ts";
export type { RelativeTable } from "./relative-positions.ts";
