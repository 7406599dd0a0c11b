import { join } from "node:path";
import { readJsonFileIfPresent, writeFileDurably } from "@blora/files";
import type { JsonObject } from "@blora/spec";
import { CONFIG, configText, type ExportedHead } from "./config-text.ts";

/** Writes `config.json`, which also names the weight formats that are there. */
export async function writeConfig(folder: string, base: JsonObject, exported: ExportedHead): Promise<void> {
  const path = join(folder, CONFIG);
  await writeFileDurably(path, configText(base, exported, readJsonFileIfPresent(path)));
}
