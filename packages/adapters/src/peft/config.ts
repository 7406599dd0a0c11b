import { check, InvalidInputError, type JsonObject } from "@blora/spec";
import { z } from "zod";
import { unknownOptions } from "./known-options.ts";
import { unwrapped } from "./names.ts";

/** What of `adapter_config.json` decides the values of an adapter. */
export interface PeftConfig {
  readonly type: "LORA" | "ADALORA";
  readonly taskType: string | undefined;
  readonly baseModel: string | undefined;
  /** Branch, tag or commit of the base model. */
  readonly revision: string | undefined;
  /** Rank of modules that no pattern names; AdaLoRA's r_init. */
  readonly rank: number;
  readonly alpha: number;
  readonly useRslora: boolean;
  /** Module names or their ends; a regular expression of whole names; undefined for any module in the file. */
  readonly targets: readonly string[] | string | undefined;
  readonly excluded: readonly string[] | string | undefined;
  readonly modulesToSave: readonly string[];
  /** Undefined for all, which an empty list stands for too. */
  readonly layers: readonly number[] | undefined;
  readonly layersPattern: readonly string[];
  /** In the order of the file, which decides between two that match. */
  readonly rankPattern: readonly (readonly [pattern: string, rank: number])[];
  readonly alphaPattern: readonly (readonly [pattern: string, alpha: number])[];
}

const LARGEST_RANK = 2 ** 16;
const text = z.string().max(10_000);
const rank = z.int().min(1).max(LARGEST_RANK);
const names = z.union([text, z.array(text)]).nullish();
const layer = z
  .int()
  .min(0)
  .max(2 ** 16);
/** AdaLoRA's patterns say which of its components are kept; LoRA's give ranks. */
const rankPattern = z.record(z.string(), z.union([z.int().min(0).max(LARGEST_RANK), z.array(z.boolean())])).nullish();

const configSchema = z.looseObject({
  peft_type: z.enum(["LORA", "ADALORA"]),
  task_type: text.nullish(),
  base_model_name_or_path: text.nullish(),
  revision: text.nullish(),
  r: rank.nullish(),
  init_r: rank.nullish(),
  lora_alpha: z.number().nullish(),
  use_rslora: z.boolean().nullish(),
  target_modules: names,
  exclude_modules: names,
  modules_to_save: z.array(text).nullish(),
  layers_to_transform: z.union([layer, z.array(layer)]).nullish(),
  layers_pattern: names,
  rank_pattern: rankPattern,
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
});

/** Initializations that leave the frozen weights as they are. The others subtract from them, and a reader would have to know what. */
const HARMLESS_INITIALIZATIONS: readonly unknown[] = [undefined, null, true, false, "gaussian", "eva", "orthogonal"];

const isSet = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== false &&
  !(typeof value === "object" && Object.keys(value as object).length === 0);

/** Options that change what an adapter computes in ways this package does not, with what to say of each. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  use_dora: "DoRA adapters also scale the frozen weight",
  use_qalora: "QALoRA pools the input in groups",
  lora_bias: "a bias in lora_B is not read",
  layer_replication: "layers of the network are repeated",
  target_parameters: "bare parameters are adapted, not linear maps",
  trainable_token_indices: "rows of the embedding are trained",
  alora_invocation_tokens: "the adapter acts only after certain tokens",
  arrow_config: "several adapters are mixed by a router",
  megatron_config: "the network is split by Megatron",
  kasa_config: "singular values of the frozen weight are scaled",
  monteclora_config: "the matrices are sampled",
  use_bdlora: "the matrices are block-diagonal",
};

/**
 * Checks `adapter_config.json` before anything is allocated. It is data: class
 * names in it (`auto_mapping`) are never imported.
 *
 * @throws InvalidInputError listing every wrong value and every option that is not supported
 */
export function parsePeftConfig(json: JsonObject, origin: string): PeftConfig {
  const checked = check(configSchema, json);
  const problems = "problems" in checked ? [...checked.problems] : [];
  for (const [option, reason] of Object.entries(UNSUPPORTED)) {
    if (isSet(json[option])) problems.push(`${option} is not supported: ${reason}`);
  }
  problems.push(...unknownOptions(json));
  if (isSet(json.bias) && json.bias !== "none") {
    problems.push(
      `bias ${JSON.stringify(json.bias)} is not supported: only "none" leaves the network's biases as they are`,
    );
  }
  if (!HARMLESS_INITIALIZATIONS.includes(json.init_lora_weights)) {
    problems.push(
      `init_lora_weights ${JSON.stringify(json.init_lora_weights)} is not supported: it changes the frozen weights; ` +
        "convert the adapter with PEFT's path_initial_model_for_weight_conversion",
    );
  }
  if ("problems" in checked || problems.length > 0) {
    throw new InvalidInputError(
      `${origin}: expected a LoRA or AdaLoRA adapter of PEFT, found that ${problems.join("; ")}.`,
    );
  }
  return settingsOf(checked.value);
}

function settingsOf(config: z.infer<typeof configSchema>): PeftConfig {
  const isAdalora = config.peft_type === "ADALORA";
  const layers = [config.layers_to_transform ?? []].flat();
  const ranks = Object.entries(config.rank_pattern ?? {}).map(([key, value]) => [unwrapped(key), value] as const);
  return {
    type: config.peft_type,
    taskType: config.task_type ?? undefined,
    baseModel: config.base_model_name_or_path || undefined,
    revision: config.revision ?? undefined,
    rank: isAdalora ? (config.init_r ?? 12) : (config.r ?? 8),
    alpha: config.lora_alpha ?? 8,
    useRslora: config.use_rslora ?? false,
    targets: unwrappedAll(config.target_modules),
    excluded: unwrappedAll(config.exclude_modules),
    modulesToSave: (config.modules_to_save ?? []).map(unwrapped),
    layers: layers.length === 0 ? undefined : layers,
    layersPattern: [config.layers_pattern || []].flat(),
    rankPattern: ranks.map(([key, value]) =>
      typeof value === "number"
        ? [key, value]
        : [key.replace(/\.lora_E(?:\.default)?$/, ""), value.filter((kept) => kept).length],
    ),
    alphaPattern: Object.entries(config.alpha_pattern ?? {}).map(([key, alpha]) => [unwrapped(key), alpha]),
  };
}

function unwrappedAll(modules: readonly string[] | string | null | undefined): readonly string[] | string | undefined {
  if (typeof modules === "string") return unwrapped(modules);
  return modules?.map(unwrapped);
}
