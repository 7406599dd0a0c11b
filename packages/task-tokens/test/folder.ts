import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Writes data files into a fresh folder, which is removed when the file's tests are over. */
export function dataFolder(files: Readonly<Record<string, string | readonly string[]>>): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "blora-tokens-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : `${content.join("\n")}\n`);
  }
  return folder;
}
