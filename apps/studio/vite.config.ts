import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtinModelFolder } from "@blora/builtin";
import { defineConfig, type Plugin } from "vite";

/** What lies beside the page under names of its own: folder, place here, and which files of it. */
const BESIDE: readonly (readonly [folder: string, place: string, wanted: RegExp])[] = [
  ["model", builtinModelFolder(), /./],
  ["ort", runtimeFolder(), /^ort-wasm-simd-threaded\.(?:mjs|wasm)$/],
];

/** Folder of ONNX Runtime for pages, found from the package that depends on it. */
function runtimeFolder(): string {
  const engine = import.meta.resolve("@blora/engine-onnx/package.json");
  return dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/wasm", engine)));
}

const filesBeside: Plugin = {
  name: "files-beside",
  async generateBundle() {
    for (const [folder, place, wanted] of BESIDE) {
      for (const name of (await readdir(place)).filter((file) => wanted.test(file))) {
        this.emitFile({ type: "asset", fileName: `${folder}/${name}`, source: await readFile(join(place, name)) });
      }
    }
  },
};

// Relative addresses, so that any host serves the page from any folder.
export default defineConfig({
  base: "./",
  plugins: [filesBeside],
  resolve: {
    // The runtime's threads start from its own files, not from a bundle that holds them.
    conditions: ["@blora/source", "onnxruntime-web-use-extern-wasm", "browser", "module", "import", "default"],
  },
  worker: { format: "es" },
  build: { outDir: "dist/page", emptyOutDir: true, target: "es2023", chunkSizeWarningLimit: 4096 },
});
