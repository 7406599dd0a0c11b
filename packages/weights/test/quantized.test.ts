import { expect, test } from "vitest";
import { requireUnquantized } from "../src/index.ts";

test.each([
  [{ quant_method: "bitsandbytes", load_in_4bit: true }, "bitsandbytes in 4 bit"],
  [{ quant_method: "bitsandbytes", load_in_8bit: true }, "bitsandbytes in 8 bit"],
  [{ quant_method: "gptq", bits: 4 }, "gptq in 4 bit"],
  [{ quant_method: "awq", bits: 4 }, "awq in 4 bit"],
  [{ quant_method: "fp8", weight_block_size: [128, 128] }, "fp8"],
  [{}, "a method it does not name"],
])("a checkpoint of %j is refused by the quantization's name", (settings, name) => {
  expect(() => requireUnquantized({ quantization_config: settings }, "m")).toThrow(
    `m: expected weights in F32, F16 or BF16, found a checkpoint quantized by ${name}, which is not read`,
  );
});

test.each([
  ["a.weight.absmax", "bitsandbytes"],
  ["a.SCB", "bitsandbytes"],
  ["a.qweight", "GPTQ or AWQ"],
  ["a.weight_scale_inv", "fp8"],
])("a tensor %s tells where config.json does not", (name, method) => {
  expect(() => requireUnquantized({}, "m", ["a.bias", name])).toThrow(
    `quantized by ${method} (it has the tensor ${name})`,
  );
});

test("other weights pass", () => {
  expect(() => requireUnquantized({ quantization_config: null }, "m", ["a.weight", "a.bias"])).not.toThrow();
});
