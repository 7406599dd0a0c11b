import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetchFiles, fileStore, saveFiles } from "../src/index.ts";

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "blora-saved-files-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("files of any names go into a store and come back", async () => {
  const store = fileStore({ folder: at("store") });
  const paths = [".answers/my rows (1).csv.jsonl", "plain.txt"];
  for (const name of ["from", "to"]) mkdirSync(join(at(name), ".answers"), { recursive: true });
  for (const path of paths) writeFileSync(join(at("from"), path), path);
  const files = await saveFiles(store, "files/", { folder: at("from"), paths, known: new Set() });
  await fetchFiles(store, "files/", { folder: at("to"), files });
  expect(paths.map((path) => readFileSync(join(at("to"), path), "utf8"))).toEqual(paths);
});

test.each(["../outside", "/root", "a/../../b", "a//b", "a\\b", "c:d", ""])(
  "%j is no path inside a folder",
  async (path) => {
    const store = fileStore({ folder: at("store") });
    const files = [{ path, bytes: 1, sha256: "0".repeat(64) }];
    const refused = "Expected a path inside a folder, of names joined by /, found ";
    await expect(fetchFiles(store, "files/", { folder: at("to"), files })).rejects.toThrow(refused);
    await expect(saveFiles(store, "files/", { folder, paths: [path], known: new Set() })).rejects.toThrow(refused);
  },
);
