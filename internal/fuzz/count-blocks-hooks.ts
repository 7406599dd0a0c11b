import type { LoadHook } from "node:module";
import { countBlocks } from "./count-blocks.ts";

/** The packages' own sources, and the libraries that read formats for them. */
const COUNTED =
  /^(?!.*\/node_modules\/).*\/(?:packages|apps)\/[^/]+\/src\/|\/node_modules\/(?:hyparquet|@huggingface\/jinja)\//;

/** Loads modules so that they count their blocks. */
export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context);
  if (loaded.format !== "module" || !COUNTED.test(url) || loaded.source === undefined) return loaded;
  const code = typeof loaded.source === "string" ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
  return { ...loaded, source: countBlocks(code) };
};
