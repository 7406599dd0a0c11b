import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig, type ViteUserConfig } from "vitest/config";
import shared from "../../../../vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...mergeConfig(shared, { root: fileURLToPath(new URL(".", import.meta.url)) }),
});
config.test = { ...config.test, include: ["faulty.kit.ts"] };

export default config;
