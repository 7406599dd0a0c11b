import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { sha256, sha256OfFile } from "@blora/files";
import { checkpointSha256 } from "@blora/weights";
import type { AdapterFlags } from "../run/adapter-folder.ts";
import { adapterSettings } from "../run/adapter-settings.ts";
import { openRun } from "../run/open-run.ts";
import type { RunRequest } from "../run/request.ts";
import { resolveRun } from "../run/resolve.ts";
import { slashed } from "./slashed.ts";

/** What answers depend on beside settings and adapter, by its content: the same on every machine that may answer. */
export interface ShardContent {
  readonly modelSha256: string;
  /** Of the file or folder of the task's data; null where the task brings its own. */
  readonly dataSha256: string | null;
}

/** @throws for whatever no answer could come from, see `resolveRun` */
export async function contentOf(
  request: RunRequest & AdapterFlags,
  adapterPath: string | undefined,
): Promise<ShardContent> {
  const adapter = adapterPath === undefined ? undefined : await adapterSettings(adapterPath, request);
  const { checkpoint, data, engine } = await openRun(await resolveRun(request, adapter));
  await engine.release();
  return {
    modelSha256: await checkpointSha256(checkpoint),
    dataSha256: data === undefined ? null : await pathSha256(data),
  };
}

async function pathSha256(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return sha256OfFile(path);
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => slashed(relative(path, join(parentPath, name))));
  const lines: string[] = [];
  for (const file of files.sort()) lines.push(`${await sha256OfFile(join(path, file))} ${file}\n`);
  return sha256(lines);
}
