import { homedir } from "node:os";
import { join } from "node:path";

/** Where files are kept that can be made again: `BLORA_CACHE`, or `blora` in the user's cache. */
export function cacheFolder(): string {
  const { BLORA_CACHE, XDG_CACHE_HOME } = process.env;
  return BLORA_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "blora");
}
