import { readFileSync } from "node:fs";
import path from "node:path";
import { type Check, verdict } from "./check.ts";
import { command, root, tool } from "./command.ts";

export const types: Check = {
  name: "types: tsc over sources, tests and examples",
  run: async () => {
    // What runs in a browser is checked against a browser's types.
    const results = await Promise.all(
      ["tsconfig.json", "apps/studio/tsconfig.json"].map((project) => tool("typescript", ["-p", project, "--noEmit"])),
    );
    return verdict(
      results.every(({ ok }) => ok),
      results.map(({ output }) => output).join("\n"),
    );
  },
};

export const lint: Check = {
  name: "lint: biome, formatting and import directions",
  run: async () => {
    const { ok, output } = await tool("@biomejs/biome", [
      "ci",
      "--error-on-warnings",
      "--max-diagnostics=200",
      "--colors=off",
    ]);
    return verdict(ok, output);
  },
};

export const unused: Check = {
  name: "unused: knip, files, exports and dependencies",
  run: async () => {
    const { ok, output } = await tool("knip", ["--no-config-hints"]);
    return verdict(ok, output);
  },
};

export const versions: Check = {
  name: "versions: sherif, one version of every dependency",
  run: async () => {
    const { ok, output } = await tool("sherif", []);
    const duplicates = duplicatesIn(JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")));
    return verdict(ok && duplicates.length === 0, [output, ...duplicates].join("\n"));
  },
};

/** Two copies of one of these would be two registries of kernels or two native libraries. */
const singletons = ["@tensorflow/tfjs-core", "onnxruntime-node", "@standard-schema/spec", "zod"];

function duplicatesIn(lock: { readonly packages: Readonly<Record<string, unknown>> }): string[] {
  return singletons.flatMap((name) => {
    const copies = Object.keys(lock.packages).filter((place) => place.endsWith(`node_modules/${name}`));
    return copies.length <= 1 ? [] : [`${name} is in the lockfile ${copies.length} times: ${copies.join(", ")}`];
  });
}

export const build: Check = {
  name: "build: turbo and tsup, every package",
  run: async () => {
    const { ok, output } = await command(process.execPath, ["internal/scripts/turbo.js", "build"]);
    return verdict(ok, output);
  },
};

export const docs: Check = {
  name: "docs: vitepress, no dead links",
  run: async () => {
    const { ok, output } = await tool("vitepress", ["build", "docs"]);
    return verdict(ok, output);
  },
};
