import { packageBuild } from "@blora/tsup-config";
import { defineConfig } from "tsup";

export default defineConfig(
  packageBuild({ entry: ["src/index.ts", "src/blora.ts", "src/worker.ts", "src/training-process.ts"] }),
);
