import { readFileSync } from "node:fs";

/** A file of the fixtures. */
export const fixture = (path: string): Buffer => readFileSync(new URL(`../../../fixtures/${path}`, import.meta.url));
