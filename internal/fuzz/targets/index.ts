import type { Target } from "../target.ts";
import { adapterTargets } from "./adapters.ts";
import { modelTargets } from "./models.ts";
import { runTargets } from "./runs.ts";
import { tableTargets } from "./tables.ts";
import { tokenizerTargets } from "./tokenizers.ts";
import { weightsTargets } from "./weights.ts";

/** Every parser of bytes that others wrote. */
export const targets: readonly Target[] = [
  ...weightsTargets,
  ...tokenizerTargets,
  ...adapterTargets,
  ...modelTargets,
  ...tableTargets,
  ...runTargets,
];

export function targetOf(name: string): Target {
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  throw new Error(`There is no target ${name}: expected one of ${targets.map((target) => target.name).join(", ")}.`);
}
