import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Every file below a folder with a digest, by relative path. */
export type Snapshot = ReadonlyMap<string, string>;

/** Digests of the bytes as they are. */
export function bytesOf(folder: string): Snapshot {
  return snapshot(folder, (_, content) => digest(content));
}

/**
 * Digests of what files say, without what no two runs share: times, speeds,
 * memory, the folder a page is of, and TensorBoard's events, whose names hold a time and a process.
 */
export function meaningOf(folder: string): Snapshot {
  return snapshot(folder, (path, content) => {
    if (/events\.out\.tfevents\./.test(path)) return undefined;
    if (path.endsWith(".json")) return digest(JSON.stringify(timeless(JSON.parse(String(content)), path)));
    if (path.endsWith(".jsonl")) {
      const lines = String(content).split("\n").filter(Boolean);
      return digest(lines.map((line) => JSON.stringify(timeless(JSON.parse(line), path))).join("\n"));
    }
    if (/\.(?:html|md|csv)$/.test(path)) return digest(withoutTimes(String(content)));
    return digest(content);
  });
}

/** Paths that differ, each with how. */
export function differences(expected: Snapshot, found: Snapshot): string[] {
  const paths = new Set([...expected.keys(), ...found.keys()]);
  return [...paths].sort().flatMap((path) => {
    if (!found.has(path)) return [`${path} is missing`];
    if (!expected.has(path)) return [`${path} is left over`];
    return expected.get(path) === found.get(path) ? [] : [`${path} differs`];
  });
}

const OF_THE_MOMENT = /seconds|perSecond|peakRss|^started$|^time$|^date$|^host$|^machine$|^commit$|^thisRun$/i;

function timeless(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((item) => timeless(item, path));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    // A checkpoint's list of files has the digest of its state, which counts seconds.
    ([key]) => !OF_THE_MOMENT.test(key) && !(path.endsWith("complete.json") && key === "state.json"),
  );
  return Object.fromEntries(kept.map(([key, item]) => [key, timeless(item, path)]));
}

/** Columns of tables that no two runs share. */
const MEASURED = new Set(["s/step", "s/row", "tokens/s", "seconds", "peak memory"]);

/** Tables of Markdown without the columns that were measured. */
function withoutMeasured(text: string): string {
  let isKept: readonly boolean[] = [];
  const lines = text.split("\n").map((line) => {
    const cells = line.startsWith("| ") ? line.split(" | ") : [];
    if (cells.length === 0) isKept = [];
    else if (isKept.length === 0) isKept = cells.map((cell) => !MEASURED.has(cell.replaceAll(/^\| | \|$/g, "")));
    return cells.length === 0 ? line : cells.filter((_, column) => isKept[column]).join(" | ");
  });
  return lines.join("\n");
}

function withoutTimes(text: string): string {
  return withoutMeasured(text)
    .replaceAll(/(<p class="folder">)[^<]*/g, "$1")
    .replaceAll(/(commit(?:<\/td><td>| \| | ))[0-9a-f]{7,40}/g, "$1")
    .replaceAll(/(tokens\/s(?:<\/dt><dd>|: ))[\d,.]+/g, "$1")
    .replaceAll(/((?:training step|evaluated row)(?:<\/dt><dd>|<\/td><td[^>]*>|: | \| ))[\d.e-]+/g, "$1")
    .replaceAll(/(time<\/dt><dd>|- time: )[\d hmins.]+/g, "$1")
    .replaceAll(/(peak memory(?:<\/dt><dd>|: ))[\d,.]+ [MG]iB/g, "$1");
}

function snapshot(folder: string, of: (path: string, content: Buffer) => string | undefined): Snapshot {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const entries = files.flatMap((entry): [string, string][] => {
    const path = join(entry.parentPath, entry.name);
    const found = of(path, readFileSync(path));
    return found === undefined ? [] : [[relative(folder, path), found]];
  });
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function digest(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
