import { definePlugin, type Engine, type Plugin, type PluginDefinition } from "@blora/spec";
import { BACKEND_IDS } from "./backends/load.ts";
import { createTfjsEngine, type TfjsOptions } from "./engine.ts";

type Options = TfjsOptions | undefined;
type OptionsSchema = NonNullable<PluginDefinition<"engine", "tfjs", Options, Engine>["optionsSchema"]>;

/** Checks options that come from JSON. */
const optionsSchema: OptionsSchema = {
  "~standard": {
    version: 1,
    vendor: "blora",
    validate(value) {
      const issues = problemsOf(value).map((message) => ({ message }));
      return issues.length > 0 ? { issues } : { value: value as Options };
    },
  },
};

function problemsOf(value: unknown): string[] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null)
    return [`expected an object of options, found ${JSON.stringify(value)}`];
  const { backend, moduleFolder, ...others } = value as Record<string, unknown>;
  const backends: readonly unknown[] = ["auto", ...BACKEND_IDS, undefined];
  return [
    ...Object.keys(others).map((key) => `unknown option "${key}", expected "backend" or "moduleFolder"`),
    ...(backends.includes(backend)
      ? []
      : [`"backend" must be one of auto, ${BACKEND_IDS.join(", ")}, found ${JSON.stringify(backend)}`]),
    ...(moduleFolder === undefined || typeof moduleFolder === "string"
      ? []
      : [`"moduleFolder" must be a path, found ${JSON.stringify(moduleFolder)}`]),
  ];
}

/**
 * The engine that runs every op at once, on a backend of TensorFlow.js.
 *
 * @example const engine = tfjs({ backend: "wasm" });
 */
export const tfjs: Plugin<"engine", "tfjs", Options, Engine> = definePlugin({
  kind: "engine",
  id: "tfjs",
  packageName: "@blora/engine-tfjs",
  optionsSchema,
  create: (options: Options): Engine => createTfjsEngine(options),
});
