import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files; rows are written as JSON, texts and bytes as they are. */
export function dataFolder(files: Readonly<Record<string, string | Uint8Array | readonly unknown[]>>): string {
  const folder = mkdtempSync(join(tmpdir(), "blora-instruct-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const isRaw = typeof content === "string" || content instanceof Uint8Array;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), isRaw ? content : content.map((row) => `${JSON.stringify(row)}\n`).join(""));
  }
  return folder;
}
