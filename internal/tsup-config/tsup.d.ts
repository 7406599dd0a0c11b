import type { Options } from "tsup";

/** The build every package shares: one ESM file per entry, with its types. */
export function packageBuild(overrides?: Options): Options;
