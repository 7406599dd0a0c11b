export { bops } from "./bops.ts";
export { type LedgerOptions, renderLedger } from "./ledger.ts";
export { ratio } from "./ratio.ts";
