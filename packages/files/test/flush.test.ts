import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { flush } from "../src/durable.ts";

vi.mock("node:fs/promises", async (original) => {
  const actual = await original<typeof import("node:fs/promises")>();
  return { ...actual, open: vi.fn(actual.open) };
});

test.each([
  [
    "linux",
    [
      ["file", "r"],
      ["folder", "r"],
    ],
  ],
  // Windows flushes no file that is open for reading alone, and opens no folder.
  ["win32", [["file", "r+"]]],
])("on %s files and folders are opened as they can be flushed", async (platform, opened) => {
  const folder = mkdtempSync(join(tmpdir(), "blora-flush-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "file");
  writeFileSync(file, "content");
  vi.mocked(open).mockClear();
  await flush(file, platform);
  await flush(folder, platform);
  const paths = { file, folder };
  expect(vi.mocked(open).mock.calls).toEqual(opened.map(([name, flags]) => [paths[name as keyof typeof paths], flags]));
});

test("on Windows a file that may not be written stays as it is, and one that is not there is an error", async () => {
  vi.mocked(open).mockRejectedValueOnce(Object.assign(new Error("no"), { code: "EPERM" }));
  await expect(flush(import.meta.filename, "win32")).resolves.toBeUndefined();
  await expect(flush(join(import.meta.dirname, "none"), "win32")).rejects.toThrow("ENOENT");
});
