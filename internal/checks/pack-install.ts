import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Check, verdict } from "./check.ts";
import { type CommandResult, command, npm, root, tool } from "./command.ts";
import { pack } from "./package-shape.ts";
import { publishedPackages } from "./packages.ts";

const packed: readonly string[] = ["@blora/tensor", "@blora/spec", "@blora/core", "@blora/gates"];

/** Packages that depend on each other, installed from their archives in an empty project, run and type-checked there. */
export const packInstall: Check = {
  name: "install: packed packages work together in an empty project",
  run: async () => {
    const project = await mkdtemp(path.join(tmpdir(), "pack-install-"));
    try {
      const results = await inOrder([
        () =>
          pack(
            project,
            publishedPackages().filter(({ manifest }) => packed.includes(manifest.name)),
          ),
        () => install(project),
        () => command(process.execPath, ["consumer.js"], { cwd: project }),
        () => tool("typescript", ["-p", "."], { cwd: project }),
      ]);
      return verdict(
        results.every(({ ok }) => ok),
        results.map(({ output }) => output).join("\n"),
      );
    } finally {
      await rm(project, { recursive: true });
    }
  },
};

/** Runs steps until one fails. */
async function inOrder(steps: readonly (() => Promise<CommandResult>)[]): Promise<CommandResult[]> {
  const results: CommandResult[] = [];
  for (const step of steps) {
    results.push(await step());
    if (!results.at(-1)!.ok) break;
  }
  return results;
}

async function install(project: string): Promise<CommandResult> {
  const archives = (await readdir(project)).filter((name) => name.endsWith(".tgz")).map((name) => `./${name}`);
  await cp(path.join(root, "internal/checks/consumer"), project, { recursive: true });
  await writeFile(path.join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  return npm(["install", ...archives, "@tensorflow/tfjs-backend-cpu@4.22.0", ...quiet], { cwd: project });
}
