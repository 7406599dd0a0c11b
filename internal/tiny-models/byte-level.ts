/** GPT-2's printable letter of each byte, as bytes are ordered. */
function byteLetters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let other = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : 256 + other++));
}

/**
 * A `tokenizer.json` of bytes and special tokens, which joins nothing.
 *
 * @param before special tokens whose ids come before those of the bytes
 * @param after special tokens whose ids come after them
 */
export function byteLevelTokenizer(before: readonly string[], after: readonly string[]): unknown {
  const tokens = [...before, ...byteLetters(), ...after];
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const special = (content: string): unknown => {
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
    return { id: vocab[content], content, ...flags };
  };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [...before, ...after].map(special),
    normalizer: { type: "NFC" },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges: [],
    },
  };
}
