import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BloraError } from "@blora/spec";
import { expect, test } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** What a fault brought, in a line. */
    came?: string;
  }
}

/**
 * A test that does one bad thing and says what came of it.
 *
 * @param number of the fault; several tests may be of one
 * @param done what is done, in a few words
 * @param bring does it in a folder of its own, checks what comes, and returns that in words
 */
export function fault(number: number, done: string, bring: (folder: string) => Promise<string> | string): void {
  test(`fault ${number}: ${done}`, { timeout: 300_000 }, async ({ task }) => {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), "blora-fault-"));
    try {
      const came = await bring(folder);
      task.meta.came = came.replaceAll(`${folder}/`, "").replaceAll(folder, "the folder");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Name and sentence of the error that `use` ends with; it must be one that says what the user can do. */
export async function refusal(use: () => unknown): Promise<string> {
  let ending: unknown = "no error";
  try {
    await use();
  } catch (error) {
    ending = error;
  }
  expect(BloraError.isInstance(ending), `${(ending as Error).stack ?? ending}`).toBe(true);
  return `${(ending as Error).name}: ${(ending as Error).message}`;
}
