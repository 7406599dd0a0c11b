import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testArtefactStore, testManifest } from "@blora/testing";
import { afterAll, describe, expect, test } from "vitest";
import { fileStore } from "../src/index.ts";

describe("a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "blora-store-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  testArtefactStore(() => fileStore({ folder: join(folder, "made", "where", "absent") }));
  testManifest(fileStore({ folder }), "store");

  test("what a killed process left half-written is in no list, and the next writer removes what nobody else can be writing", async () => {
    const half = ".partial-file~~00000000~1~999999999~1~abcdefgh";
    mkdirSync(join(folder, "half"));
    writeFileSync(join(folder, "half", half), "hal");
    const store = fileStore({ folder });
    expect(await store.putIfAbsent("half/other", Buffer.from("x"))).toBe(true);
    const keys: string[] = [];
    for await (const { key } of store.list("half/")) keys.push(key);
    expect(keys).toEqual(["half/other"]);
    expect(readdirSync(join(folder, "half")).sort()).toEqual([half, "other"]);
  });

  test("a folder goes with its last file, and is there again for who writes at that moment", async () => {
    const root = join(folder, "emptied");
    const store = fileStore({ folder: root });
    const keys = ["a/b/c", "a/b-d", "e"];
    for (const key of keys) await store.putIfAbsent(key, Buffer.from(key));
    await store.remove("a/b/c");
    expect(readdirSync(join(root, "a"))).toEqual(["b-d"]);
    for (const key of [...keys, "a/b/c"]) await store.remove(key);
    expect(readdirSync(root)).toEqual([]);
    const writes = Array.from({ length: 40 }, async (_, index) => {
      expect(await store.putIfAbsent(`f/g/${index}`, Buffer.from("x"))).toBe(true);
      await store.remove(`f/g/${index}`);
    });
    await Promise.all(writes);
    expect(readdirSync(root)).toEqual([]);
  });
});
