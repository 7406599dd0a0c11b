import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ["@blora/source"] },
  ssr: { resolve: { conditions: ["@blora/source"] } },
  test: {
    include: ["{packages,apps,examples,benchmarks}/*/test/**/*.test.ts", "internal/{faults,families,fuzz}/*.test.ts"],
    typecheck: {
      include: ["{packages,apps,examples}/*/test/**/*.test-d.ts"],
      tsconfig: "tsconfig.json",
      // Everything outside type tests is a check of its own.
      ignoreSourceErrors: true,
    },
    globalSetup: [fileURLToPath(new URL("./internal/scratch.ts", import.meta.url))],
    setupFiles: [fileURLToPath(new URL("./internal/property-seed.ts", import.meta.url))],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    server: { deps: { inline: [/@tensorflow\//] } },
  },
});

export default config;
