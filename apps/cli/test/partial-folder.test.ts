import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { partialFolder, removeAbandoned } from "../src/run/partial-folder.ts";

test("what killed processes of this machine left of the same output is removed, and nothing else", async () => {
  const parent = mkdtempSync(join(tmpdir(), "blora-partial-"));
  const out = join(parent, "out");
  const own = partialFolder(out);
  const { pid: ended } = spawnSync(process.execPath, ["-e", ""]);
  const abandoned = own.replace(/\d+$/, String(ended));
  const ofAnotherHost = join(parent, `.partial-out-elsewhere.example-${ended}`);
  const ofAnotherOutput = join(parent, basename(abandoned).replace("-out-", "-outer-"));
  const kept = [own, ofAnotherHost, ofAnotherOutput, out];
  for (const folder of [abandoned, ...kept]) mkdirSync(folder);
  await removeAbandoned(out);
  expect(readdirSync(parent).sort()).toEqual(kept.map((path) => basename(path)).sort());
  rmSync(parent, { recursive: true });
});
