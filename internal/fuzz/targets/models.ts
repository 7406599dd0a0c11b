import { readJsonFile } from "@blora/files";
import { bert } from "@blora/model-bert";
import { debertaV2 } from "@blora/model-deberta-v2";
import { llama } from "@blora/model-llama";
import { modernBert } from "@blora/model-modernbert";
import { phi } from "@blora/model-phi";
import { qwen2 } from "@blora/model-qwen2";
import { roberta } from "@blora/model-roberta";
import type { Architecture, Head } from "@blora/spec";
import { requireUnquantized } from "@blora/weights";
import type { Target } from "../target.ts";
import { fixture } from "./fixture.ts";

const FAMILIES: readonly (readonly [name: string, architecture: Architecture, configs: readonly string[]])[] = [
  ["bert", bert() as Architecture, ["bert/pairs", "bert/regression"]],
  ["roberta", roberta() as Architecture, ["roberta/pairs"]],
  ["deberta-v2", debertaV2() as Architecture, ["deberta-v2/v3", "deberta-v2/v2-xlarge"]],
  ["modernbert", modernBert() as Architecture, ["modernbert/local-and-global", "modernbert/mean-and-biases"]],
  ["llama", llama() as Architecture, ["causal/llama-3", "causal/llama-biases", "causal/mistral"]],
  ["qwen2", qwen2() as Architecture, ["causal/qwen2.5", "causal/qwen3-shards"]],
  ["phi", phi() as Architecture, ["causal/phi-2"]],
];

/** What the configurations name, as words of them all. */
function wordsOf(configs: readonly string[]): string[] {
  const texts = configs.map((folder) => fixture(`${folder}/config.json`).toString());
  return [
    ...new Set(texts.flatMap((text) => text.match(/(?<=")[\w.-]+(?=")/g) ?? [])),
    "quantization_config",
    "rope_scaling",
  ];
}

const HEADS: readonly Head[] = [
  { kind: "classification", labels: ["a", "b"] },
  { kind: "regression" },
  { kind: "language-model" },
];

const configOf = ([name, architecture, configs]: (typeof FAMILIES)[number]): Target => ({
  name: `config-${name}`,
  names: "config",
  words: wordsOf(configs),
  json: true,
  tried: 2000,
  seeds: () => configs.map((folder) => fixture(`${folder}/config.json`)),
  read(bytes, place) {
    const json = readJsonFile(place.write("config.json", bytes));
    requireUnquantized(json as never, place.folder);
    const config = architecture.parseConfig(json);
    architecture.maxLength(config);
    architecture.sites(config);
    const isLanguageModel = architecture.languageModel !== undefined;
    for (const head of HEADS) {
      if ((head.kind === "language-model") === isLanguageModel) architecture.parameters(config, head);
    }
    architecture.languageModel?.cache(config);
    architecture.languageModel?.unembedding(config);
  },
});

export const modelTargets: readonly Target[] = FAMILIES.map(configOf);
