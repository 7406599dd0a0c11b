import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsup";
import { afterAll } from "vitest";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const bundles = join(repository, "node_modules/.cache/blora-trainer-test", String(process.pid));

afterAll(() => rmSync(bundles, { recursive: true, force: true }));

/**
 * Bundles a TypeScript entry of this folder so that a plain Node process or
 * thread can run it. Lies below the repository's node_modules, from where
 * libraries resolve.
 */
export async function bundleForNode(entry: string): Promise<string> {
  const outDir = join(bundles, entry);
  mkdirSync(outDir, { recursive: true });
  await build({
    config: false,
    silent: true,
    entry: { [entry]: fileURLToPath(new URL(`./${entry}.ts`, import.meta.url)) },
    outDir,
    format: "esm",
    target: "node20",
    splitting: false,
    external: [/^@tensorflow\/tfjs-(core|backend-[a-z]+)$/],
    noExternal: [/^@blora\//, /tfjs-core\/dist\/register_all_gradients/],
    esbuildOptions(options) {
      options.conditions = ["@blora/source"];
    },
  });
  return join(outDir, `${entry}.js`);
}
