import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Check, verdict } from "./check.ts";
import { command, root, tool } from "./command.ts";

/** Inside the repository, so that imports resolve; `.gitignore` knows it. */
const folder = path.join(root, ".cache/doc-examples");

/** How Node runs TypeScript over the sources of our packages. */
const FROM_SOURCES = ["--import", "tsx", "--import", "./internal/fuzz/tensorflow-imports.js", "-C", "@blora/source"];

/** Every block of TypeScript in the readme and the guide compiles as a file of its own; those that print something run. */
export const docExamples: Check = {
  name: "examples: TypeScript in the readme and the guide compiles, and runs where it prints",
  run: async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const pages = ["README.md", ...(await guidePages())];
    const written = (await Promise.all(pages.map(extract))).flat();
    await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify(configuration));
    const compiled = await tool("typescript", ["-p", folder]);
    const printing = written.filter(({ text }) => text.includes(".print()"));
    const runs = await Promise.all(
      printing.map(({ file }) => command(process.execPath, [...FROM_SOURCES, file], { cwd: root })),
    );
    const failures = [compiled, ...runs].filter(({ ok }) => !ok);
    return verdict(
      failures.length === 0 && runs.length > 0,
      `${written.length} examples\n${failures.map(({ output }) => output).join("\n")}`,
    );
  },
};

const configuration = {
  extends: "../../tsconfig.json",
  compilerOptions: { isolatedDeclarations: false, declaration: false },
  include: ["*.ts", "../../packages/*/src/**/*.d.ts"],
};

async function guidePages(): Promise<string[]> {
  const files = await readdir(path.join(root, "docs"), { recursive: true });
  return files.filter((file) => file.endsWith(".md") && !file.includes("node_modules")).map((file) => `docs/${file}`);
}

/** Writes each block of a page to a file named after the page and the line the block starts at. */
async function extract(page: string): Promise<{ readonly file: string; readonly text: string }[]> {
  const text = await readFile(path.join(root, page), "utf8");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)];
  const stem = page.replace(/\.md$/, "").replaceAll(/[\\/]/g, "-");
  const examples = blocks.map((block) => {
    const line = text.slice(0, block.index).split("\n").length;
    return { file: path.join(folder, `${stem}-line-${line}.ts`), text: block[1]! };
  });
  for (const example of examples) await writeFile(example.file, example.text);
  return examples;
}
