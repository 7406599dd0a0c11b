/** Clean English out of the packages of `corpus.ts`. Every function returns chunks of a few sentences. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const MAX_WORDS = 90;
const FIRST_YEAR = 1900;

/** Addresses from 1900 on: older ones write a different English. */
export function stateOfTheUnionChunks(folder: string): string[] {
  const files = readdirSync(join(folder, "data"))
    .filter((name) => /^\d{4}_.*\.txt$/.test(name))
    .sort();
  return files
    .filter((name) => Number(name.slice(0, 4)) >= FIRST_YEAR)
    .flatMap((name) => toChunks(readFileSync(join(folder, "data", name), "utf8")));
}

export function mobyDickChunks(folder: string): string[] {
  const files = readdirSync(join(folder, "data")).filter((name) => /^chapter_\d+\.txt$/.test(name));
  const chapter = (name: string): number => Number(/\d+/.exec(name)![0]);
  return files
    .sort((a, b) => chapter(a) - chapter(b))
    .flatMap((name) => readFileSync(join(folder, "data", name), "utf8").split(/\r?\n\s*\r?\n/))
    .flatMap(toChunks);
}

/** Texts of country profiles that are sentences rather than figures and lists. */
export function factbookChunks(folder: string): string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "string") texts.push(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  for (const region of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    if (region.name === "meta") continue;
    for (const file of readdirSync(join(folder, region.name))
      .filter((name) => name.endsWith(".json"))
      .sort()) {
      collect(JSON.parse(readFileSync(join(folder, region.name, file), "utf8")));
    }
  }
  return [...new Set(texts)]
    .filter((text) => /^[A-Z].*\.$/s.test(text) && text.split(" ").length >= 12)
    .flatMap(toChunks);
}

/** Lexicographer files of animals, places, plants and substances: names and Latin rather than English. */
const NAME_FILES: readonly string[] = ["05", "15", "20", "27"];

/** `words: definition.` and the example sentences of each entry that is no name. */
export function wordnetChunks(folder: string): string[] {
  return ["adj", "adv", "verb", "noun"].flatMap((part) =>
    readFileSync(join(folder, "dict", `data.${part}`), "utf8")
      .split("\n")
      .filter((line) => /^\d{8} /.test(line) && !isName(line))
      .flatMap((line) => toChunks(wordnetEntry(line))),
  );
}

function isName(line: string): boolean {
  const [, file, type, , lemma] = line.split(" ", 5);
  return type === "n" && (NAME_FILES.includes(file!) || /^[A-Z]/.test(lemma!));
}

/** `offset file type count (word id)… | gloss`, the count in hexadecimal. */
function wordnetEntry(line: string): string {
  const [fields, gloss = ""] = line.split(" | ", 2) as [string, string?];
  const columns = fields.split(" ");
  const count = Number.parseInt(columns[3]!, 16);
  const synonyms = Array.from({ length: count }, (_, index) =>
    columns[4 + 2 * index]!.replace(/_/g, " ").replace(/\(.*\)$/, ""),
  );
  const definition = gloss.split(/; "/)[0]!.trim();
  const examples = [...gloss.matchAll(/"([^"]{12,})"/g)].map(([, example]) => `${example!.trim()}.`);
  return [`${synonyms.join(", ")}: ${definition}.`, ...examples].join(" ");
}

/** Runs of whole sentences of at most 90 words; text without a letter is dropped. */
function toChunks(text: string): string[] {
  const clean = text
    .normalize("NFKC")
    .replace(/[\u2018\u2019`]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2013\u2014]/g, " - ")
    .replace(/_/g, "")
    .replace(/\s+/g, " ")
    .trim();
  const chunks: string[] = [];
  let current: string[] = [];
  for (const sentence of clean.split(/(?<=[.!?]["')]?) (?=["'(]?[A-Z0-9])/)) {
    const words = sentence.split(" ");
    if (current.length > 0 && current.length + words.length > MAX_WORDS) {
      chunks.push(current.join(" "));
      current = [];
    }
    current.push(...words);
  }
  chunks.push(current.join(" "));
  return chunks.filter((chunk) => /[a-z]{2}/i.test(chunk));
}
