import { InvalidInputError, isJsonRecord, type JsonObject } from "@blora/spec";

/** Tensors that only quantized weights have, by what writes them. */
const TRACES: readonly (readonly [ending: RegExp, method: string])[] = [
  [/\.(?:absmax|quant_map|quant_state\.\w+)$|\.SCB$/, "bitsandbytes"],
  [/\.(?:qweight|qzeros|g_idx)$/, "GPTQ or AWQ"],
  [/\.(?:weight_packed|weight_shape)$/, "compressed-tensors"],
  [/\.weight_scale(?:_inv)?$/, "fp8"],
];

/** How the weights of a checkpoint are quantized, as `config.json` says; undefined where it says nothing. */
function quantizationOf(config: JsonObject): string | undefined {
  const { quantization_config: settings, compression_config: compression } = config;
  const given = settings ?? compression;
  if (!isJsonRecord(given)) return undefined;
  const { quant_method: method, load_in_4bit: four, load_in_8bit: eight, bits } = given;
  const width = four === true ? 4 : eight === true ? 8 : bits;
  const name = typeof method === "string" ? method : "a method it does not name";
  return typeof width === "number" ? `${name} in ${width} bit` : name;
}

/**
 * Refuses quantized weights, which nothing here reads: learned updates need the weights as they were.
 *
 * @param names of the tensors, where they are known
 * @throws InvalidInputError that names the quantization
 */
export function requireUnquantized(config: JsonObject, folder: string, names: Iterable<string> = []): void {
  const found = quantizationOf(config) ?? traceIn(names);
  if (found === undefined) return;
  throw new InvalidInputError(
    `${folder}: expected weights in F32, F16 or BF16, found a checkpoint quantized by ${found}, which is not read. Use the model it was made from, or dequantize it once in Python with transformers: model.dequantize().save_pretrained("plain").`,
  );
}

function traceIn(names: Iterable<string>): string | undefined {
  for (const name of names) {
    for (const [ending, method] of TRACES) if (ending.test(name)) return `${method} (it has the tensor ${name})`;
  }
  return undefined;
}
