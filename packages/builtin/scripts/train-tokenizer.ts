/**
 * Learns the built-in tokenizer from `.cache/corpus.txt` and writes it with the
 * model's configuration to `model/`:
 *
 *   npm run tokenizer -w @blora/builtin
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtinModelFolder } from "../src/model-folder.ts";
import { trainBytePairs } from "./bpe.ts";
import { FIRST_PIECE_ID, modelConfig, tokenizerConfig, tokenizerJson, VOCABULARY_SIZE } from "./model-files.ts";
import { splitWords, WORD_START } from "./words.ts";

const counts = new Map<string, number>();
for (const line of readFileSync(new URL("../.cache/corpus.txt", import.meta.url), "utf8").split("\n")) {
  for (const word of splitWords(line)) counts.set(word, (counts.get(word) ?? 0) + 1);
}
const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
console.log(`${total} words, ${counts.size} different`);

const alphabet = [WORD_START, ...Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))].filter(
  (character) => character === character.toLowerCase(),
);
const encoding = trainBytePairs(counts, alphabet, VOCABULARY_SIZE - FIRST_PIECE_ID);

const folder = builtinModelFolder();
const write = (name: string, text: string): void => writeFileSync(join(folder, name), `${text}\n`);
write("tokenizer.json", JSON.stringify(tokenizerJson(encoding)));
write("tokenizer_config.json", JSON.stringify(tokenizerConfig, null, 2));
write("config.json", JSON.stringify(modelConfig, null, 2));
console.log(`${encoding.pieces.length} pieces, ${encoding.merges.length} merges in ${folder}`);
