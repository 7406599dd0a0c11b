import type { JsonObject } from "./json.ts";
import type { Message } from "./message.ts";

/** Ids of one text or pair with its special tokens. */
export interface AssembledTokens {
  readonly inputIds: readonly number[];
  /** 0 for the first text and its special tokens, 1 for the second. */
  readonly tokenTypeIds: readonly number[];
  readonly truncated: boolean;
}

/**
 * Ids of special tokens. A family has those it was trained with: BERT-like
 * models `cls`, `sep` and `mask`, language models `eos`. Where there is no
 * padding token, `pad` is another one: padding is masked, never read.
 */
export interface SpecialTokens {
  readonly pad: number;
  readonly cls?: number;
  readonly sep?: number;
  readonly mask?: number;
  readonly unknown?: number;
  readonly bos?: number;
  readonly eos?: number;
}

/** Text to token ids and back, and ids to what a model is fed. */
export interface Tokenizer {
  readonly vocabularySize: number;
  readonly special: SpecialTokens;
  /** Ids that end what the model writes, of which a chat model has several; `special.eos` alone where absent. */
  readonly stopIds?: readonly number[];
  /** Ids of `text` without special tokens. */
  encode(text: string): number[];
  /**
   * Ids of a word of a text that is split already, as transformers gives them with `is_split_into_words`: byte-level
   * tokenizers read it as after a space (`add_prefix_space`). Absent where `encode` does the same.
   */
  encodeWord?(word: string): number[];
  /** Text of ids; special tokens are left out. Ids that end inside a character give U+FFFD. */
  decode(ids: readonly number[]): string;
  /**
   * Text of a conversation by the template the checkpoint brings, special
   * tokens spelled out as `encode` reads them; absent where it brings none.
   *
   * @param answering end with what comes before an answer of the assistant
   * @param tools what the assistant may call
   * @throws InvalidInputError with the template's own words where it refuses a conversation
   */
  applyChatTemplate?(messages: readonly Message[], answering: boolean, tools?: readonly JsonObject[]): string;
  /** SHA-256 of that template, in hex: of the text, or of several named ones as JSON. */
  readonly chatTemplateSha256?: string;
  /**
   * `[CLS] first [SEP]` or `[CLS] first [SEP] second [SEP]` in at most `maxLength` ids; without `cls` and `sep`, as
   * the tokenizer of a language model puts texts together. The longer text loses tokens from its end first; special
   * tokens are never cut.
   *
   * @throws InvalidInputError where `maxLength` leaves a text no token
   */
  assemble(first: readonly number[], second: readonly number[] | undefined, maxLength: number): AssembledTokens;
}
