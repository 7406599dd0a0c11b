import type { Tokenizer } from "@blora/spec";

/** Text as its tokens arrive, in whole characters. */
export interface TextStream {
  /** Text that is certain after one more token: empty while a character is incomplete. */
  push(token: number): string;
  /** What is left when no token follows. */
  end(): string;
}

/** What bytes that end inside a character decode to. */
const INCOMPLETE = "\ufffd";

/**
 * Decodes a window of the last tokens at a time, so that a long text costs no
 * more per token than a short one. The window begins before the text that is
 * out: some tokenizers drop a space at the beginning of what they decode.
 *
 * @param prompt ids before the first token
 */
export function createTextStream({ decode }: Pick<Tokenizer, "decode">, prompt: readonly number[]): TextStream {
  let window = [...prompt];
  /** Tokens of the window whose text is out. */
  let told = window.length;

  const news = (): string => {
    const text = decode(window);
    return text.slice(sharedLength(decode(window.slice(0, told)), text));
  };

  return {
    push(token) {
      window.push(token);
      const text = news();
      if (text === "" || text.endsWith(INCOMPLETE)) return "";
      window = window.slice(told);
      told = window.length;
      return text;
    },
    end() {
      const text = news();
      told = window.length;
      return text;
    },
  };
}

/** Of the beginning two texts have in common: a prompt of tokens may end inside a character, which comes with the next. */
function sharedLength(before: string, text: string): number {
  let length = 0;
  while (length < before.length && before[length] === text[length]) length++;
  return length;
}
