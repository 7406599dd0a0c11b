/** Imported before the modules that are to count their blocks. */
import { register } from "node:module";
import { createCounters } from "./coverage.ts";

Object.assign(globalThis, { bloraCounters: createCounters() });
register("./count-blocks-hooks.ts", import.meta.url);
