import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunSummary } from "@blora/trainer";

const program = fileURLToPath(new URL("../apps/cli/dist/blora.js", import.meta.url));

/** The summary of a run: read where the run is finished, else trained by the command line. */
export function finishedRun(folder: string, flags: readonly string[], settings: readonly string[]): RunSummary {
  const path = join(folder, "summary.json");
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as RunSummary;
  const sets = settings.flatMap((setting) => ["--set", setting]);
  const args = [program, "train", "--out", folder, "--json", ...flags, ...sets];
  const output = execFileSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 26 });
  return JSON.parse(output.trim().split("\n").at(-1)!) as RunSummary;
}
