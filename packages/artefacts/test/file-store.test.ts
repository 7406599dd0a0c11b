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
});
