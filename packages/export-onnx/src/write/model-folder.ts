import { join } from "node:path";
import { readJsonFileIfPresent, readTextIfPresent, writeFileDurably } from "@blora/files";
import type { Network } from "@blora/network";
import { CONFIG, type ExportedHead, exportedConfig } from "./exported-config.ts";

/** Writes `config.json`, which also names the weight formats that are there. */
export async function writeConfig(
  out: string,
  { folder, config }: Network["checkpoint"],
  exported: ExportedHead,
): Promise<void> {
  const path = join(out, CONFIG);
  const source = (await readTextIfPresent(join(folder, CONFIG))) ?? "";
  await writeFileDurably(path, exportedConfig(config, source, exported, readJsonFileIfPresent(path)));
}
