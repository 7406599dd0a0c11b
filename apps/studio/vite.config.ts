import { defineConfig } from "vite";

// Relative addresses, so that any host serves the page from any folder.
export default defineConfig({
  base: "./",
  resolve: { conditions: ["@blora/source", "browser", "module", "import", "default"] },
  worker: { format: "es" },
  build: { outDir: "dist/page", emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 4096 },
  server: { headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" } },
});
