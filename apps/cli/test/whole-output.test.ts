import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { program, requireBuild } from "./run-blora.ts";

beforeAll(requireBuild);

/** As pnpm lays packages: behind links, and imported when they are needed, with output that goes to a pipe. */
test("a package behind a link is found at its real place when blora writes to a pipe", async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "blora-output-")));
  onTestFinished(() => rm(folder, { recursive: true }));
  const real = join(folder, "store", "linked");
  await mkdir(real, { recursive: true });
  await mkdir(join(folder, "node_modules"));
  await symlink(real, join(folder, "node_modules", "linked"), "junction");
  await writeFile(join(real, "package.json"), '{ "name": "linked", "type": "module" }');
  for (const name of ["early.js", "late.js"]) await writeFile(join(real, name), "export default import.meta.url;\n");
  const before = join(folder, "before.mjs");
  await writeFile(
    before,
    `import "linked/early.js";
     process.once("beforeExit", async () => console.log((await import("linked/late.js")).default));`,
  );
  const parameters = ["--import", pathToFileURL(before).href, program, "options", "method.lora"];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  expect(stdout.trim().split("\n").at(-1)).toBe(pathToFileURL(join(real, "late.js")).href);
});
