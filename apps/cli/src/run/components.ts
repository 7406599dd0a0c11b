import { type ComponentManifest, didYouMean, NotFoundError } from "@blora/spec";
import { glueTaskNames } from "@blora/task-glue";
import { registry } from "../registry.ts";

/** Share of LoRA's bit operations that B-LoRA ends at unless it is told another. */
const DEFAULT_BUDGET = 0.0625;

/** Tasks that are a plugin each, by the name of both. */
const OWN_TASKS: readonly string[] = ["builtin", "instruct", "mmlu"];

/** `builtin`, `instruct`, `mmlu`, or the name of a GLUE task. */
export function taskManifest(name: string): ComponentManifest<"task"> {
  if ((glueTaskNames as readonly string[]).includes(name)) return { $plugin: "task/glue", options: { task: name } };
  if (OWN_TASKS.includes(name)) return { $plugin: `task/${name}` };
  const known = [...OWN_TASKS, ...glueTaskNames];
  throw new NotFoundError(`No task is called "${name}".${didYouMean(name, known)} Tasks: ${known.join(", ")}.`);
}

/** A method with the components it needs, before `--set` changes its options. */
export function methodManifest(name: string): ComponentManifest<"method"> {
  const known = registry.ids("method");
  if (!(known as readonly string[]).includes(name)) {
    throw new NotFoundError(`No method is called "${name}".${didYouMean(name, known)} Methods: ${known.join(", ")}.`);
  }
  if (name !== "blora") return { $plugin: `method/${name}`, options: {} };
  const gate = { $plugin: "gate/hard-concrete" };
  return {
    $plugin: "method/blora",
    options: {
      bopsTarget: DEFAULT_BUDGET,
      quantizer: { $plugin: "quantizer/uniform", options: { bits: [0, 2, 3, 4, 8], gate } },
      siteQuantizer: { $plugin: "quantizer/bayesian-bits", options: { gate } },
    },
  };
}

export function engineManifest(name: string, options: Readonly<Record<string, unknown>>): ComponentManifest<"engine"> {
  const known = registry.ids("engine");
  if ((known as readonly string[]).includes(name)) return { $plugin: `engine/${name}`, options };
  throw new NotFoundError(`No engine is called "${name}".${didYouMean(name, known)} Engines: ${known.join(", ")}.`);
}
