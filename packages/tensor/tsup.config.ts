import { packageBuild } from "@blora/tsup-config";
import { defineConfig } from "tsup";

export default defineConfig(packageBuild({ noExternal: [/tfjs-core\/dist\/register_all_gradients/] }));
