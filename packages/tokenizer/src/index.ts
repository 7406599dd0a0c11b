export { loadTokenizer } from "./load-tokenizer.ts";
export { writeTokenizerJson } from "./write-tokenizer-json.ts";
