import { writeFileSync } from "node:fs";
import { makeOrders, toConll } from "./orders.ts";

// npx tsx examples/tag-words/src/index.ts
writeFileSync(new URL("../orders.conll", import.meta.url), toConll(makeOrders(400, 1)));
