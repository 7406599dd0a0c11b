import { readFileSync } from "node:fs";
import { join } from "node:path";
import { registry } from "@blora/cli";
import type { Architecture } from "@blora/spec";

/** The architecture that reads the checkpoint in a folder. */
export function architectureOf(folder: string): Architecture {
  const { model_type: modelType } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const architectures = registry.ids("architecture").map((id) => registry.create("architecture", id));
  const found = architectures.find(({ modelTypes }) => modelTypes.includes(modelType));
  if (found === undefined) throw new Error(`${folder}: expected a known model_type, found ${modelType}`);
  return found;
}
