import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readTextIfPresent } from "../src/json-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

it("tells a text that is not there from one that cannot be read", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "there"), "text");
  mkdirSync(join(folder, "folder"));
  expect(await readTextIfPresent(join(folder, "there"))).toBe("text");
  expect(await readTextIfPresent(join(folder, "absent"))).toBeUndefined();
  await expect(readTextIfPresent(join(folder, "folder"))).rejects.toThrow(
    `Cannot read ${join(folder, "folder")}: EISDIR`,
  );
});
