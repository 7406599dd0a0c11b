import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Check, verdict } from "./check.ts";
import { root, tool } from "./command.ts";

/** Inside the repository, so that imports resolve; `.gitignore` knows it. */
const folder = path.join(root, ".cache/doc-examples");

/** Every block of TypeScript in the readme and the guide compiles as a file of its own. */
export const docExamples: Check = {
  name: "examples: TypeScript in the readme and the guide compiles",
  run: async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const pages = ["README.md", ...(await guidePages())];
    const counts = await Promise.all(pages.map(extract));
    await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify(configuration));
    const { ok, output } = await tool("typescript", ["-p", folder]);
    const found = counts.reduce((sum, count) => sum + count, 0);
    return verdict(ok && found > 0, `${found} examples\n${output}`);
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
async function extract(page: string): Promise<number> {
  const text = await readFile(path.join(root, page), "utf8");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)];
  const stem = page.replace(/\.md$/, "").replaceAll(/[\\/]/g, "-");
  for (const block of blocks) {
    const line = text.slice(0, block.index).split("\n").length;
    await writeFile(path.join(folder, `${stem}-line-${line}.ts`), block[1]!);
  }
  return blocks.length;
}
