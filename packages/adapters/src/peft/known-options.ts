/** Every option of `LoraConfig` and `AdaLoraConfig` that either is read, is refused by name or leaves what is computed as it is. */
const KNOWN: ReadonlySet<string> = new Set(
  (
    "auto_mapping base_model_name_or_path revision task_type inference_mode peft_type peft_version r target_modules " +
    "exclude_modules lora_alpha lora_dropout fan_in_fan_out bias use_rslora modules_to_save init_lora_weights " +
    "layers_to_transform layers_pattern rank_pattern alpha_pattern megatron_config megatron_core trainable_token_indices " +
    "loftq_config eva_config corda_config lora_ga_config use_dora alora_invocation_tokens use_qalora qalora_group_size " +
    "layer_replication lora_bias target_parameters arrow_config ensure_weight_tying runtime_config target_r init_r tinit " +
    "tfinal deltaT beta1 beta2 orth_reg_weight total_step kasa_config monteclora_config velora_config use_bdlora"
  ).split(" "),
);

/** Options that are not known here and switched on: whether they change what the adapter computes, nothing tells. */
export function unknownOptions(json: object): string[] {
  return Object.entries(json)
    .filter(([option, value]) => !KNOWN.has(option) && isOn(value))
    .map(
      ([option, value]) =>
        `${option} (${JSON.stringify(value).slice(0, 80)}) is not known: remove it where it changes nothing but training`,
    );
}

/** A number alone switches nothing on: it goes with a flag or an object. */
function isOn(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value === true || (typeof value === "string" && value !== "" && value !== "none");
}
