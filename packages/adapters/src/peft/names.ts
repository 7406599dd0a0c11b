/** What PEFT puts before every module path. */
export const PREFIX = "base_model.model.";

/** A tensor of a PEFT file by what it is. */
export type PeftTensor =
  | { readonly kind: "matrix"; readonly module: string; readonly matrix: "A" | "B" | "E" }
  /** A tensor of a module that was trained as a whole, by its name in the network. */
  | { readonly kind: "module"; readonly name: string }
  /** Part of a method this package does not read, such as DoRA's magnitudes. */
  | { readonly kind: "unknown" };

/** Name of a LoRA matrix as current PEFT writes it. */
export function matrixName(module: string, matrix: "A" | "B"): string {
  return `${PREFIX}${module}.lora_${matrix}.weight`;
}

/**
 * The way back from a tensor's name. Also reads names of AdaLoRA, whose
 * matrices have no `.weight`, and of older files that kept the adapter's name.
 */
export function parseTensorName(name: string): PeftTensor {
  const inner = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  const matrix = /^(.+)\.lora_([ABE])(?:\.default)?(?:\.weight)?$/.exec(inner);
  if (matrix !== null) return { kind: "matrix", module: matrix[1]!, matrix: matrix[2] as "A" | "B" | "E" };
  if (inner.includes(".lora_")) return { kind: "unknown" };
  return { kind: "module", name: inner.replace(/\.modules_to_save(?:\.default)?\./, ".") };
}
