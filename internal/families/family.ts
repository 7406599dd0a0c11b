import { bert } from "@blora/model-bert";
import { debertaV2 } from "@blora/model-deberta-v2";
import { llama } from "@blora/model-llama";
import { modernBert } from "@blora/model-modernbert";
import { phi } from "@blora/model-phi";
import { qwen2 } from "@blora/model-qwen2";
import { roberta } from "@blora/model-roberta";
import type { Architecture } from "@blora/spec";
import { writeTinyBert } from "../tiny-models/tiny-bert.ts";
import { writeTinyDeberta } from "../tiny-models/tiny-deberta.ts";
import { writeTinyLlama } from "../tiny-models/tiny-llama.ts";
import { writeTinyModernBert } from "../tiny-models/tiny-modernbert.ts";
import { writeTinyPhi } from "../tiny-models/tiny-phi.ts";
import { writeTinyQwen2 } from "../tiny-models/tiny-qwen2.ts";
import { writeTinyQwen3 } from "../tiny-models/tiny-qwen3.ts";
import { writeTinyRoberta } from "../tiny-models/tiny-roberta.ts";

export interface Family {
  readonly name: string;
  /** What the guide calls it. */
  readonly title: string;
  readonly architecture: Architecture;
  /** Writes a checkpoint of a few thousand parameters. */
  write(folder: string): void;
}

/** They answer whole texts. */
export const ENCODERS: readonly Family[] = [
  { name: "bert", title: "BERT", architecture: bert(), write: writeTinyBert },
  { name: "deberta-v2", title: "DeBERTaV2 and V3", architecture: debertaV2(), write: writeTinyDeberta },
  { name: "roberta", title: "RoBERTa", architecture: roberta(), write: writeTinyRoberta },
  { name: "modernbert", title: "ModernBERT", architecture: modernBert(), write: writeTinyModernBert },
];

/** They write text. */
export const DECODERS: readonly Family[] = [
  { name: "phi", title: "Phi", architecture: phi(), write: writeTinyPhi },
  {
    name: "qwen2",
    title: "Qwen2",
    architecture: qwen2(),
    write: (folder) => writeTinyQwen2(folder, { randomHead: true }),
  },
  { name: "qwen3", title: "Qwen3", architecture: qwen2(), write: writeTinyQwen3 },
  {
    name: "llama-2",
    title: "Llama 2",
    architecture: llama(),
    write: (folder) => writeTinyLlama(folder, { kind: "llama-2" }),
  },
  {
    name: "llama-3",
    title: "Llama 3",
    architecture: llama(),
    write: (folder) => writeTinyLlama(folder, { kind: "llama-3" }),
  },
  {
    name: "mistral",
    title: "Mistral",
    architecture: llama(),
    write: (folder) => writeTinyLlama(folder, { kind: "mistral" }),
  },
];

export interface TrainedWith {
  readonly name: string;
  readonly method: string;
  readonly set: readonly string[];
  /** Whether evaluation rounds the adapter alone, so that its plain update computes the same. */
  readonly isPlain: boolean;
}

const scope = (name: string, ...set: string[]): TrainedWith => ({
  name: `blora ${name}`,
  method: "blora",
  set: ["bopsTarget=0.03", "rank=4", `scope=${name}`, ...set],
  isPlain: name === "adapter",
});

export const METHODS: readonly TrainedWith[] = [
  { name: "lora", method: "lora", set: ["rank=3"], isPlain: true },
  { name: "adalora", method: "adalora", set: ["initialRank=4", "targetRank=2", "alpha=64"], isPlain: true },
  scope("adapter"),
  scope("adapter+activations", "siteQuantizer.maxBits=8"),
  scope("site", "siteQuantizer.maxBits=8"),
];

/** The command that families of a kind refuse, and why. */
export const REFUSED = {
  encoders: { command: "generate", because: "they answer whole texts" },
  decoders: { command: "predict", because: "they write text" },
} as const;

/** How far logits may be from the same ones computed in another way. */
export const TOLERANCE = 1e-4;
