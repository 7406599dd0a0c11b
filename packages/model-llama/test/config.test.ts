import { refusalOf, useCpuBackend } from "@blora/testing";
import { describe, expect, it, test } from "vitest";
import { llama } from "../src/index.ts";
import { readConfig } from "./fixtures.ts";

const { parseConfig, maxLength } = llama();
const TINY = { vocab_size: 67, hidden_size: 24, num_hidden_layers: 2, num_attention_heads: 6, intermediate_size: 36 };
const LLAMA_3 = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

describe("parseConfig", () => {
  useCpuBackend();

  it("fills in Hugging Face's defaults", () => {
    expect(parseConfig({ model_type: "llama", ...TINY })).toEqual({
      vocabularySize: 67,
      hiddenSize: 24,
      layers: 2,
      heads: 6,
      keyValueHeads: 6,
      headSize: 4,
      intermediateSize: 36,
      normEpsilon: 1e-6,
      maxPositions: 2048,
      rotaryBase: 10_000,
      rescaleFrequency: undefined,
      attentionBias: false,
      feedForwardBias: false,
      tiedEmbeddings: false,
      initializerRange: 0.02,
    });
  });

  it("reads rotary settings by the names before and after transformers 5", () => {
    const scaling = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
    const older = { model_type: "llama", ...TINY, rope_theta: 5e5, rope_scaling: { type: "llama3", ...scaling } };
    const newer = {
      model_type: "llama",
      ...TINY,
      rope_parameters: { rope_type: "llama3", rope_theta: 5e5, ...scaling },
    };
    for (const config of [older, newer].map(parseConfig)) {
      expect(config.rotaryBase).toBe(5e5);
      // A wave of 8192 / 4 tokens and shorter stays, one of 8192 tokens and longer is eight times as long.
      const frequency = (length: number) => (2 * Math.PI) / length;
      expect(config.rescaleFrequency!(frequency(2000))).toBeCloseTo(frequency(2000), 12);
      expect(config.rescaleFrequency!(frequency(9000))).toBeCloseTo(frequency(72_000), 12);
      expect(config.rescaleFrequency!(frequency(4096))).toBeCloseTo(frequency(4096) * (1 / 3 + 2 / 24), 12);
    }
    const { rope_parameters } = readConfig("llama-biases") as { rope_parameters: unknown };
    const linear = parseConfig({ model_type: "llama", ...TINY, rope_parameters });
    expect(linear.rescaleFrequency!(1)).toBe(0.25);
  });

  it("reads settings under the older name as those under the newer, a base among them", () => {
    const settings = { rope_type: "linear", factor: 4, rope_theta: 5e5 };
    for (const names of [{ rope_scaling: settings }, { rope_scaling: settings, rope_parameters: settings }]) {
      const config = parseConfig({ model_type: "llama", ...TINY, ...names, rope_theta: 700 });
      expect(config.rotaryBase).toBe(5e5);
      expect(config.rescaleFrequency!(1)).toBe(0.25);
    }
  });

  it("reads settings under both names that say the same, wherever the base stands", () => {
    const both = { rope_scaling: LLAMA_3, rope_parameters: { ...LLAMA_3, rope_theta: 5e5 } };
    expect(parseConfig({ model_type: "llama", ...TINY, ...both, rope_theta: 5e5 }).rotaryBase).toBe(5e5);
    expect(refusalOf(() => parseConfig({ model_type: "llama", ...TINY, ...both }))).toContain(
      "rope_scaling: must be left out",
    );
  });

  it("takes texts up to a sliding window, within which it changes nothing", () => {
    const mistral = { model_type: "mistral", ...TINY };
    // The default of Hugging Face's MistralConfig.
    expect(maxLength(parseConfig(mistral))).toBe(4096);
    expect(maxLength(parseConfig({ ...mistral, sliding_window: 4096 }))).toBe(4096);
    expect(maxLength(parseConfig({ ...mistral, sliding_window: null }))).toBe(131_072);
  });

  test.each([
    [
      "another scaling",
      { rope_scaling: { rope_type: "yarn", factor: 4 } },
      'rope_scaling.rope_type: expected "default", "linear" or "llama3", found "yarn"',
    ],
    [
      "another scaling under the older name",
      { rope_scaling: { type: "yarn", factor: 4 } },
      'rope_scaling.type: expected "default", "linear" or "llama3", found "yarn"',
    ],
    [
      "another scaling under the newer name, whatever the older says",
      { rope_scaling: { rope_type: "dynamic", type: "linear", factor: 4 } },
      'rope_scaling.rope_type: expected "default", "linear" or "llama3", found "dynamic"',
    ],
    [
      "a scaling that lacks a part",
      { rope_scaling: { type: "llama3", factor: 4, low_freq_factor: 1, high_freq_factor: 4 } },
      "rope_scaling.original_max_position_embeddings: expected number, found nothing",
    ],
    [
      "another scaling beside a base",
      { rope_parameters: { rope_theta: 5e5, rope_type: "yarn" } },
      'rope_parameters.rope_type: expected "default", "linear" or "llama3", found "yarn"',
    ],
    [
      "bounds of a scaling in the other order",
      { rope_scaling: { ...LLAMA_3, low_freq_factor: 4, high_freq_factor: 1 } },
      "rope_scaling.high_freq_factor: must be above low_freq_factor, found 1",
    ],
    [
      "a scaling beside settings without it",
      { rope_scaling: { type: "linear", factor: 2 }, rope_parameters: { rope_type: "default", rope_theta: 5e5 } },
      "rope_scaling: must be left out beside rope_parameters, its newer name, which says something else",
    ],
    ["tokens that see those after them", { is_causal: false }, "is_causal: expected true, found false"],
    ["another activation", { hidden_act: "gelu" }, "hidden_act: "],
    ["heads that do not divide", { num_key_value_heads: 4 }, "a divisor of num_attention_heads (6)"],
    ["no sizes", { hidden_size: undefined }, "hidden_size: "],
  ])("refuses %s", (_, change, expected) => {
    expect(refusalOf(() => parseConfig({ model_type: "llama", ...TINY, ...change }))).toContain(expected);
  });
});
