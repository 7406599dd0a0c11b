import type { Adapter, CodedUpdate, Head, JsonObject, LinearSite, LowRankUpdate, Method } from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
import type { AdapterDescription } from "../description.ts";
import type { TrainedAdapter } from "../trained-adapter.ts";
import type { AdapterWeights } from "../weights.ts";
import { matrixName, PREFIX } from "./names.ts";

const TASK_TYPES: Readonly<Record<Head["kind"], string | null>> = {
  classification: "SEQ_CLS",
  regression: "SEQ_CLS",
  "token-classification": "TOKEN_CLS",
  "language-model": "CAUSAL_LM",
  "masked-language-model": null,
};

/** An adapter as PEFT's files hold it. */
export interface PlainFiles {
  /** Text of `adapter_config.json`. */
  readonly config: string;
  /** Tensors of `adapter_model.safetensors`. */
  readonly tensors: Readonly<Record<string, HostTensor>>;
}

/** What PEFT wants to read in the metadata of its tensors. */
export const PEFT_METADATA: Readonly<Record<string, string>> = { format: "pt" };

/** An adapter as plain LoRA, see `writePeft`. */
export function plainFiles(
  method: Method,
  sites: readonly LinearSite[],
  { description, weights }: TrainedAdapter,
): PlainFiles {
  const updates = writableUpdates(exportUpdates(method, sites, weights), sites);
  const config = peftConfig(updates, sites, weights, description);
  return { config: `${JSON.stringify(config, null, 2)}\n`, tensors: peftTensors(updates, weights) };
}

/** The plain LoRA update of every site that kept a rank, in forward order. */
export function exportUpdates(
  method: Method,
  sites: readonly LinearSite[],
  weights: AdapterWeights,
): Map<string, LowRankUpdate> {
  return updatesOf(sites, weights, (site, adapter) => method.export(site, adapter));
}

/** The same updates as codes, where the method has them. */
export function exportCodes(
  method: Method,
  sites: readonly LinearSite[],
  weights: AdapterWeights,
): Map<string, CodedUpdate> {
  return updatesOf(sites, weights, (site, adapter) => method.artifacts?.exportCodes?.(site, adapter));
}

function updatesOf<Update extends { readonly rank: number }>(
  sites: readonly LinearSite[],
  { adapters }: AdapterWeights,
  exported: (site: LinearSite, adapter: Adapter) => Update | undefined,
): Map<string, Update> {
  const updates = new Map<string, Update>();
  for (const site of sites) {
    const adapter = adapters.get(site.path);
    const update = adapter && exported(site, adapter);
    if (update !== undefined && update.rank > 0) updates.set(site.path, update);
  }
  return updates;
}

/** PEFT loads neither rank 0 nor an adapter of no module: an empty one gets one update of zeros. */
function writableUpdates(
  updates: ReadonlyMap<string, LowRankUpdate>,
  [first]: readonly LinearSite[],
): ReadonlyMap<string, LowRankUpdate> {
  if (updates.size > 0 || first === undefined) return updates;
  const zero = { rank: 1, A: new Float32Array(first.inFeatures), B: new Float32Array(first.outFeatures) };
  return new Map([[first.path, zero]]);
}

function peftTensors(
  updates: ReadonlyMap<string, LowRankUpdate>,
  { head }: AdapterWeights,
): Record<string, HostTensor> {
  const tensors: Record<string, HostTensor> = {};
  for (const [path, { rank, A, B }] of updates) {
    tensors[matrixName(path, "A")] = { shape: [rank, A.length / rank], values: A };
    tensors[matrixName(path, "B")] = { shape: [B.length / rank, rank], values: B };
  }
  for (const [name, parameter] of Object.entries(head)) tensors[PREFIX + name] = parameter;
  return tensors;
}

/** Keys sorted, as PEFT writes them. Equal rank and alpha make PEFT's own scale 1. */
function peftConfig(
  updates: ReadonlyMap<string, LowRankUpdate>,
  sites: readonly LinearSite[],
  { head }: AdapterWeights,
  { baseModel, baseRevision, head: { kind } }: AdapterDescription,
): JsonObject {
  const ranks = Object.fromEntries([...updates].map(([path, { rank }]) => [path, rank]));
  const largest = Math.max(1, ...Object.values(ranks));
  const modules = headModules(Object.keys(head), sites);
  return {
    alpha_pattern: ranks,
    base_model_name_or_path: baseModel,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: largest,
    lora_dropout: 0,
    modules_to_save: modules.length === 0 ? null : modules,
    peft_type: "LORA",
    r: largest,
    rank_pattern: ranks,
    ...(baseRevision !== undefined && { revision: baseRevision }),
    target_modules: Object.keys(ranks),
    task_type: TASK_TYPES[kind],
    use_dora: false,
    use_rslora: false,
  };
}

/** Modules the head consists of: top-level ones, or inner ones of a module that also holds adapted sites. */
function headModules(names: readonly string[], sites: readonly LinearSite[]): string[] {
  const shared = new Set(sites.map(({ path }) => path.split(".")[0]!));
  const modules = names.map((name) => {
    const top = name.split(".")[0]!;
    return shared.has(top) ? name.slice(0, name.lastIndexOf(".")) : top;
  });
  return [...new Set(modules)];
}
