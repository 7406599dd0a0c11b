import { packageBuild } from "@blora/tsup-config";
import { defineConfig } from "tsup";

export default defineConfig(packageBuild({ entry: { index: "src/index.ts", "job-worker": "src/jobs/job-worker.ts" } }));
