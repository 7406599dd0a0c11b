/** What PEFT puts before every module path. */
export const PREFIX = "base_model.model.";

/** What saves a bare network under one that torch.compile or a wrapper for several machines made. */
const WRAPPERS = /(?<=^|\.)_orig_mod\.|^module\./g;

/** A tensor of a PEFT file by what it is. */
export type PeftTensor =
  | {
      readonly kind: "matrix";
      readonly module: string;
      readonly matrix: "A" | "B" | "E";
      /** Name of the adapter among several of one network, where the file keeps it. */
      readonly adapter: string | undefined;
    }
  /** A tensor of a module that was trained as a whole, by its name in the network. */
  | { readonly kind: "module"; readonly name: string; readonly adapter: string | undefined }
  /** A copy of the base model's own tensor, which the adapter does not change. */
  | { readonly kind: "base" }
  /** Part of a method this package does not read, such as DoRA's magnitudes. */
  | { readonly kind: "unknown" };

/** Name of a LoRA matrix as current PEFT writes it. */
export function matrixName(module: string, matrix: "A" | "B"): string {
  return `${PREFIX}${module}.lora_${matrix}.weight`;
}

/** A path without what compiling or wrapping the network put into it. */
export function unwrapped(path: string): string {
  return path.replaceAll(WRAPPERS, "");
}

/**
 * The way back from a tensor's name. Also reads names of AdaLoRA, whose
 * matrices have no `.weight`, and of files that keep the adapter's name.
 */
export function parseTensorName(name: string): PeftTensor {
  let inner = unwrapped(name);
  while (inner.startsWith(PREFIX)) inner = unwrapped(inner.slice(PREFIX.length));
  const matrix = /^(.+)\.lora_([ABE])(?:\.(?!weight$)([^.]+))?(?:\.weight)?$/.exec(inner);
  if (matrix !== null) {
    return { kind: "matrix", module: matrix[1]!, matrix: matrix[2] as "A" | "B" | "E", adapter: matrix[3] };
  }
  if (inner.includes(".lora_")) return { kind: "unknown" };
  if (/\.(?:base_layer|original_module)\./.test(inner)) return { kind: "base" };
  const saved = /^(.+)\.modules_to_save\.(?:([^.]+)\.(?=.))?(.+)$/.exec(inner);
  if (saved === null) return { kind: "module", name: inner, adapter: undefined };
  return { kind: "module", name: `${saved[1]}.${saved[3]}`, adapter: saved[2] };
}
