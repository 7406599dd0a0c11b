export { bops } from "./bops.ts";
export { type LedgerOptions, renderLedger } from "./ledger.ts";
export { expectedBits, ratio } from "./ratio.ts";
