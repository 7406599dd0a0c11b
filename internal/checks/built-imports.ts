import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { type Check, verdict } from "./check.ts";
import { command, root } from "./command.ts";
import { publishedPackages } from "./packages.ts";

/** Plain Node loads the built output of every library; a package for test files only loads inside vitest. */
export const builtImports: Check = {
  name: "imports: plain Node loads every built package",
  run: async () => {
    const names = publishedPackages()
      .filter(({ manifest }) => manifest.exports !== undefined && manifest.peerDependencies?.vitest === undefined)
      .map(({ manifest }) => manifest.name);
    const script = `
      const problems = [];
      for (const name of ${JSON.stringify(names)}) {
        const exported = await import(name).then(Object.keys, (error) => problems.push(name + ": " + error.message));
        if (exported.length === 0) problems.push(name + " exports nothing");
      }
      if (problems.length > 0) throw new Error(problems.join("\\n"));
    `;
    const { ok, output } = await command(process.execPath, ["--input-type=module", "--eval", script]);
    return verdict(ok, output);
  },
};

/** Packages that a page trains with, besides tasks, methods and models: these import nothing but them. */
const OF_PAGES = [
  "trainer",
  "engine-onnx",
  "export-onnx",
  "tokenizer",
  "task-classify",
  "builtin",
  "core",
  "lora",
  "gates",
  "bops",
];

/** Bundles what a page takes, from sources: no module of Node may be reached, however far away. */
export const pageImports: Check = {
  name: "imports: nothing of Node in what a page takes",
  run: async () => {
    const contents = OF_PAGES.map((name, index) => `export * as part${index} from "@blora/${name}";`).join("\n");
    try {
      const { metafile } = await build({
        stdin: { contents, resolveDir: root },
        bundle: true,
        write: false,
        metafile: true,
        format: "esm",
        platform: "browser",
        conditions: ["@blora/source"],
        external: ["node:*"],
        logLevel: "silent",
      });
      const found = Object.entries(metafile.inputs).flatMap(([file, { imports }]) => [
        ...imports.flatMap(({ path }) => (path.startsWith("node:") ? [`${file} imports ${path}.`] : [])),
        ...globalsOfNode(file),
      ]);
      return verdict(found.length === 0, found.join("\n"));
    } catch (error) {
      return verdict(false, (error as Error).message);
    }
  },
};

/** Globals of Node that a source of ours takes without importing them. */
function globalsOfNode(file: string): readonly string[] {
  if (!/^packages\/[^/]+\/src\//.test(file)) return [];
  const names = readFileSync(join(root, file), "utf8").match(/\b(Buffer|process)(?=\.\w)/g) ?? [];
  return [...new Set(names)].map((name) => `${file} uses ${name}.`);
}
