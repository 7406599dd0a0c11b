import { defineConfig } from "vite";

// Relative addresses, so that any host serves the page from any folder.
export default defineConfig({
  base: "./",
  resolve: { conditions: ["@blora/source", "browser", "module", "import", "default"] },
  build: { outDir: "dist/page", emptyOutDir: true, target: "es2023", chunkSizeWarningLimit: 4096 },
});
