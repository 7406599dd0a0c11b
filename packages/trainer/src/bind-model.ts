import { type BoundNetwork, bindNetwork, openNetwork } from "@blora/network";
import type { Adapter } from "@blora/spec";
import { requireVocabulary } from "@blora/weights";
import { objectiveOf } from "./objective/objective.ts";
import type { RunParts } from "./run.ts";
import type { Model } from "./steps/definitions.ts";

/** A network with its task, ready to be trained. */
export interface BoundModel extends BoundNetwork, Model {}

/**
 * `bindNetwork` for a run.
 *
 * @throws InvalidInputError also for a tokenizer that knows more ids than the network
 */
export function bindModel(parts: RunParts, targets: readonly string[] | undefined, seed: number): BoundModel {
  const { task, costModel, tokenizer } = parts;
  const network = bindNetwork(
    openNetwork(parts.architecture, parts.checkpoint, parts.model),
    parts.method,
    task.head,
    targets,
    seed,
  );
  requireVocabulary(tokenizer, parts.checkpoint, parts.model);
  return { ...network, task, objective: objectiveOf(task), costModel };
}

/** Fresh adapters of every site: step 0 computes the base model. */
export function initAdapters({ method, sites }: Model, seed: number): Map<string, Adapter> {
  return new Map(sites.map((site) => [site.path, method.init(site, seed)]));
}
