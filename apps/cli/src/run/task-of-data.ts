import type { Registry } from "@blora/core";
import { BloraError, type ComponentManifest } from "@blora/spec";
import { UsageError } from "../exit.ts";
import { blamed, flagsOf, manifestWith } from "./assignments.ts";
import type { Assignment } from "./request.ts";
import type { OptionTree } from "./set-option.ts";

/**
 * The task that one's own data are for where none is named: the one that recognizes them, else the one that takes any.
 *
 * @throws UsageError where several do, or none
 */
export async function ownDataTask(data: string, registry: Registry): Promise<string> {
  const fit: string[] = [];
  const any: string[] = [];
  for (const id of registry.ids("task")) {
    const { fromData, recognizes } = registry.plugin("task", id);
    if (recognizes === undefined) {
      if (fromData !== undefined) any.push(id);
    } else if (await recognizes(data)) fit.push(id);
  }
  const [task, other] = fit.length > 0 ? fit : any;
  if (task !== undefined && other === undefined) return task;
  const found = task === undefined ? "none" : [...(fit.length > 0 ? fit : any)].join(", ");
  throw new UsageError(`${data}: expected one task that learns from these data, found ${found}. Name it with --task.`);
}

/** A task whose options the data have completed, and the sentence that says what was understood. */
export interface TaskOfData {
  readonly manifest: ComponentManifest<"task">;
  readonly sentence?: string;
}

/**
 * Completes a task's options from the data, as its plugin does it; what flags set is kept. Other tasks stay as they are.
 *
 * @throws UsageError for a task that lives on data where none are named, or a flag that contradicts them
 * @throws BloraError of the plugin for what is wrong with the data themselves
 */
export async function taskOfData(
  manifest: ComponentManifest<"task">,
  assignments: readonly Assignment[],
  data: string | undefined,
  registry: Registry,
): Promise<TaskOfData> {
  const id = manifest.$plugin.slice("task/".length);
  const { fromData } = registry.plugin("task", id);
  if (fromData === undefined) return { manifest };
  if (data === undefined)
    throw new UsageError(`--task ${id}: expected a data file or folder, found none. Name it with --data.`);
  const given = (assignments.reduce(manifestWith, manifest).options ?? {}) as OptionTree;
  try {
    const { options, sentence } = await fromData(data, given);
    return { manifest: { ...manifest, options }, sentence };
  } catch (error) {
    const flags = BloraError.isInstance(error) ? blamed(error, assignments) : [];
    if (flags.length === 0) throw error;
    throw new UsageError(`${flagsOf(flags)}: ${(error as BloraError).message}`, { cause: error });
  }
}
