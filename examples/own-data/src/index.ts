import { writeFileSync } from "node:fs";
import { makeReviews, toCsv } from "./reviews.ts";

// npx tsx examples/own-data/src/index.ts
writeFileSync(new URL("../reviews.csv", import.meta.url), toCsv(makeReviews(800, 1)));
