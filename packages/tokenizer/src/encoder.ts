import type { Tokenizer } from "@blora/spec";
import type { Frame, PairForm } from "./frame.ts";

/** Text to ids, with the vocabulary the ids come from. What `loadTokenizer` builds a `Tokenizer` on. */
export interface Encoder {
  /** Token to id, added tokens included. */
  readonly vocabulary: ReadonlyMap<string, number>;
  encode(text: string): number[];
  /** As `Tokenizer` has it; absent where `encode` does the same. */
  readonly encodeWord?: Tokenizer["encodeWord"];
  /** Text of ids; special tokens are left out. */
  decode(ids: readonly number[]): string;
  /** Special tokens around texts, where the files bring a template for them. */
  readonly frame?: () => Frame | undefined;
  /** Where the files say how two texts are put together. */
  readonly pairForm?: PairForm | undefined;
}
