/** Ids of one text or pair with its special tokens. */
export interface AssembledTokens {
  readonly inputIds: readonly number[];
  /** 0 for the first text and its special tokens, 1 for the second. */
  readonly tokenTypeIds: readonly number[];
  readonly truncated: boolean;
}

/** Text to token ids, and ids to what a model is fed. */
export interface Tokenizer {
  readonly vocabularySize: number;
  /** Ids of the special tokens of a BERT-like model. */
  readonly special: {
    readonly cls: number;
    readonly sep: number;
    readonly pad: number;
    readonly mask: number;
    readonly unknown: number;
  };
  /** Ids of `text` without special tokens. */
  encode(text: string): number[];
  /**
   * `[CLS] first [SEP]` or `[CLS] first [SEP] second [SEP]` in at most
   * `maxLength` ids. The longer text loses tokens from its end first; special
   * tokens are never cut.
   */
  assemble(first: readonly number[], second: readonly number[] | undefined, maxLength: number): AssembledTokens;
}
