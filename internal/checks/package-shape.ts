import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Check, verdict } from "./check.ts";
import { type CommandResult, npm, root, tool } from "./command.ts";
import { type PublishedPackage, publishedPackages } from "./packages.ts";

/** Packs every published package as npm would and looks at the archives, two at a time. */
export const packageShape: Check = {
  name: "packages: publint and attw on every archive",
  run: async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "package-shape-"));
    try {
      const results: CommandResult[] = [await pack(folder, publishedPackages())];
      const archives = (await readdir(folder)).map((name) => path.join(folder, name));
      const waiting = [...archives];
      const worker = async () => {
        for (let archive = waiting.pop(); archive !== undefined; archive = waiting.pop()) {
          results.push(await publint(archive), await areTheTypesWrong(archive));
        }
      };
      await Promise.all([worker(), worker()]);
      const failures = results.filter(({ ok }) => !ok);
      return verdict(failures.length === 0 && archives.length > 0, failures.map(({ output }) => output).join("\n"));
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** `npm pack` of some packages into `folder`. */
export function pack(folder: string, packages: readonly PublishedPackage[]): Promise<CommandResult> {
  const workspaces = packages.map(({ manifest }) => `--workspace=${manifest.name}`);
  return npm(["pack", "--ignore-scripts", "--silent", `--pack-destination=${folder}`, ...workspaces], { cwd: root });
}

async function publint(archive: string): Promise<CommandResult> {
  return named(archive, await tool("publint", ["run", archive, "--strict"]));
}

/** Types must resolve for ES modules; none of the packages can be required from CommonJS. */
async function areTheTypesWrong(archive: string): Promise<CommandResult> {
  const parameters = [archive, "--profile=esm-only", "--no-definitely-typed", "--no-emoji", "--no-color"];
  return named(archive, await tool("@arethetypeswrong/cli", parameters));
}

function named(archive: string, { ok, output }: CommandResult): CommandResult {
  return { ok, output: `${path.basename(archive)}\n${output}` };
}
