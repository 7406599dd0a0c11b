import type { AdapterForm, OpenNetwork } from "@blora/network";
import { type Head, InvalidInputError, type Message } from "@blora/spec";
import { type Classification, classificationOf } from "./classification.ts";
import { type GenerateOptions, generateText } from "./generate/generate.ts";
import { createReader, type Reader } from "./generate/reader.ts";
import { rowLogits, rowsOf, type TextInput } from "./logits.ts";
import type { Runtime } from "./runtime.ts";
import type { TaggedSpan } from "./words/find-entities.ts";
import type { WordsInput } from "./words/read-words.ts";
import { type TagOptions, tagWords } from "./words/tag-words.ts";

/** A base model with one adapter on it. Several share the base: using one after the other reloads nothing. */
export interface AdaptedModel {
  readonly head: Head;
  /** Which form of the adapter is computed. */
  readonly form: AdapterForm;
  /**
   * Raw outputs [C] for every text or pair of texts, or [T, C] for its tokens.
   *
   * @throws InvalidInputError where the adapter is for a language model, and for what is no list of texts
   */
  logits(inputs: readonly TextInput[]): Promise<Float32Array[]>;
  /** @throws InvalidInputError where the adapter does not predict labels */
  classify(inputs: readonly TextInput[]): Promise<Classification[]>;
  /**
   * Entities of every text, with their places in it. A text is cut into words at spaces and punctuation; where it is
   * cut otherwise in training, pass its words.
   *
   * @throws InvalidInputError where the adapter does not tag words
   */
  tag(inputs: readonly WordsInput[], options?: TagOptions): Promise<TaggedSpan[][]>;
  /** The predicted number for every text or pair. @throws InvalidInputError where the adapter predicts something else */
  regress(inputs: readonly TextInput[]): Promise<number[]>;
  /**
   * Text after a prompt, piece by piece as it arrives.
   *
   * @param prompt a text, or a conversation where the checkpoint brings a chat template
   * @throws InvalidInputError where the adapter is for no language model
   */
  generate(prompt: string | readonly Message[], options?: GenerateOptions): AsyncIterable<string>;
  /** A text that is read part by part, for what `generate` does not do. */
  openReader(): Reader;
}

export function createAdaptedModel(runtime: Runtime, network: OpenNetwork, origin: string): AdaptedModel {
  const { head, form } = network;
  const logits = async (inputs: readonly TextInput[]): Promise<Float32Array[]> => {
    if (head.kind === "language-model") throw unsuitable(origin, "logits", head);
    // Read before it is this call's turn: until then the list may be another.
    const rows = rowsOf(runtime, network, inputs);
    return runtime.exclusively(() => rowLogits(runtime, network, rows));
  };

  const openReader = (method: string): Reader => {
    if (head.kind !== "language-model") throw unsuitable(origin, method, head);
    return createReader(runtime, network);
  };

  return {
    head,
    form,
    logits,
    async classify(inputs) {
      if (head.kind !== "classification") throw unsuitable(origin, "classify", head);
      return (await logits(inputs)).map((row) => classificationOf(head, row));
    },
    async tag(inputs, options) {
      if (head.kind !== "token-classification") throw unsuitable(origin, "tag", head);
      return tagWords(runtime, network, head.labels, inputs, options);
    },
    async regress(inputs) {
      if (head.kind !== "regression") throw unsuitable(origin, "regress", head);
      return (await logits(inputs)).map((row) => row[0]!);
    },
    generate: (prompt, options = {}) => generateText(openReader("generate"), runtime.tokenizer, prompt, options),
    openReader: () => openReader("openReader"),
  };
}

function unsuitable(origin: string, method: string, { kind }: Head): InvalidInputError {
  const uses: Partial<Record<Head["kind"], string>> = {
    classification: "classify",
    regression: "regress",
    "token-classification": "tag",
    "language-model": "generate or openReader",
  };
  const other = uses[kind] === undefined ? "" : ` Use ${uses[kind]}.`;
  return new InvalidInputError(`${origin}: ${method} does not go with an adapter whose head is ${kind}.${other}`);
}
