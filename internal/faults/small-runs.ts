import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunEvent } from "@blora/runs";
import { train } from "@blora/trainer";
import { recorder, TINY_ARGUMENTS, tinyRun } from "../../packages/trainer/test/tiny-run.ts";

/** What the faults of runs have in common: small runs, and what lies in their folders. */

export const ARGUMENTS: typeof TINY_ARGUMENTS = { ...TINY_ARGUMENTS, maxSteps: 12, saveSteps: 5 };
export const RECIPES: string = fileURLToPath(new URL("../../apps/cli/test/recipes/", import.meta.url));

/** SHA-256 of every file of a folder, by name. */
export function digests(folder: string): Record<string, string> {
  const digest = (name: string): string =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(readdirSync(folder).map((name) => [name, digest(name)]));
}

export const checkpointsIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith("checkpoint-"));

/** Trains to the end; gives what was told. */
export async function finish(out: string, change: Parameters<typeof tinyRun>[1] = {}): Promise<RunEvent[]> {
  const { events, onEvent } = recorder();
  await train(tinyRun(out, { arguments: ARGUMENTS, onEvent, ...change }));
  return events;
}
