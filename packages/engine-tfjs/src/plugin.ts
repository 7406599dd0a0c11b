import { definePlugin, type Engine, type Plugin, PRECISIONS } from "@blora/spec";
import { z } from "zod";
import { BACKEND_IDS } from "./backends/load.ts";
import { createTfjsEngine, type TfjsOptions } from "./engine.ts";

const optionsSchema = z
  .strictObject({
    backend: z.enum(["auto", ...BACKEND_IDS]).optional(),
    moduleFolder: z.string().min(1).optional(),
    precision: z.enum(PRECISIONS).optional(),
  })
  .optional();

/**
 * The engine that runs every op at once, on a backend of TensorFlow.js.
 *
 * @example const engine = tfjs({ backend: "wasm" });
 */
export const tfjs: Plugin<"engine", "tfjs", TfjsOptions | undefined, Engine> = definePlugin({
  kind: "engine",
  id: "tfjs",
  packageName: "@blora/engine-tfjs",
  optionsSchema,
  create: createTfjsEngine,
});
