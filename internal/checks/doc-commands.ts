import { readdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { type Check, type Outcome, verdict } from "./check.ts";
import { command, root } from "./command.ts";

/** Inside the repository, so that imports of a configuration file resolve; `.gitignore` knows it. */
const folder = path.join(root, ".cache/doc-commands");
const program = path.join(root, "apps/cli/dist/blora.js");

/** In this order: pages use what pages before them made. */
const PAGES = [
  "docs/guide/own-data.md",
  "docs/guide/quick-start.md",
  "docs/guide/language-models.md",
  "docs/guide/mmlu.md",
  "docs/guide/sweeps-and-reports.md",
  "docs/guide/many-machines.md",
  "docs/guide/studio.md",
  "docs/guide/export-and-use.md",
  "docs/guide/adapter-format.md",
  "docs/guide/publishing.md",
  "docs/guide/speed.md",
  "docs/guide/write-a-quantizer.md",
  "docs/guide/write-an-architecture.md",
  "README.md",
  "apps/cli/README.md",
] as const;

/** Trains under names that pages before it use for other runs. */
const STARTS_ANEW = "apps/cli/README.md";

/** Not commands but parts of a sentence: with a placeholder, or without what they work on. */
const INCOMPLETE = /[<…]|^blora [\w+]+( --format onnx)?$/;

/** Commands that are not run, and why. */
const NOT_RUN: readonly (readonly [command: RegExp, reason: string])[] = [
  [/^blora studio/, "serves a page until it is ended; apps/cli/test/studio.test.ts starts one"],
  [
    /^blora worker|--on rediss?:/,
    "asks a queue server for runs; packages/jobs-bullmq/test and apps/cli/test/shards.test.ts start one",
  ],
  [/^blora native/, "builds native code against a TensorFlow that is not here"],
  [/--data hub:/, "reads a data set of the Hub; apps/cli/test/hub-data.test.ts reads one of a stand-in"],
  [/^blora sweep collect/, "gathers what a list of jobs has done; apps/cli/test/jobs.test.ts does"],
  [/@acme\//, "uses a package of somebody else; examples/custom-quantizer and its test are such a package"],
];

/** What makes a command of the guide take seconds. The command itself stays as it is. */
const SHORTENED: readonly (readonly [command: RegExp, more: readonly string[]])[] = [
  [/^blora train/, ["--set", "maxSteps=2", "--set", "evalSteps=2"]],
  [/^blora sweep/, ["--dry-run"]],
  [/^blora eval .*--model Qwen/, ["--limit", "1"]],
];

/** Every `blora` command line of the readme and the guide, run as it is written, on tiny models under the names it uses. */
export const docCommands: Check = {
  name: "commands: those of the readme and the guide run on tiny models",
  run: async () => {
    await rm(folder, { recursive: true, force: true });
    // It imports packages, which are built by now; at the start of a fresh clone they are not.
    const { makeStandIns } = await import("./doc-stand-ins.ts");
    const environment = await makeStandIns(folder, (words) => blora(words, {}));
    const outcomes: Outcome[] = [];
    const done = new Set<string>();
    for (const page of PAGES) {
      if (page === STARTS_ANEW) await rm(path.join(folder, "runs"), { recursive: true });
      for (const { line, text } of commandsOf(await readFile(path.join(root, page), "utf8"))) {
        if (done.has(text) || INCOMPLETE.test(text)) continue;
        done.add(text);
        const place = `${page}:${line}: ${text}`;
        const reason = NOT_RUN.find(([pattern]) => pattern.test(text))?.[1];
        outcomes.push(reason === undefined ? await runAt(place, text, environment) : skipped(`${place} (${reason})`));
      }
    }
    return combined(outcomes);
  },
};

async function runAt(place: string, text: string, environment: Record<string, string>): Promise<Outcome> {
  const more = SHORTENED.filter(([pattern]) => pattern.test(text)).flatMap(([, words]) => words);
  const { ok, output } = await blora([...wordsOf(text).slice(1), ...more], environment);
  return verdict(ok, ok ? "" : `${place}\n${output.slice(-1500)}`);
}

function blora(words: readonly string[], environment: Record<string, string>) {
  const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const shell = '"$@" < /dev/null';
  return command("env", [...assignments, "sh", "-c", shell, "blora", process.execPath, program, ...words], {
    cwd: folder,
  });
}

/** `blora` command lines in code, in blocks and in a sentence, without npx and comments. */
function commandsOf(markdown: string): { readonly line: number; readonly text: string }[] {
  const blocks = [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap((block) => {
    if (!["", "sh", "bash"].includes(block[1]!)) return [];
    const joined = block[2]!.replaceAll("\\\n", "  ");
    return [...joined.matchAll(/^(?:npx )?blora .*$/gm)].map(([text]) => ({ index: block.index, text }));
  });
  const inline = [...markdown.matchAll(/`((?:npx )?blora [^`]+)`/g)].map(({ index, 1: text }) => ({
    index,
    text: text!,
  }));
  return [...blocks, ...inline].map(({ index, text }) => ({
    line: markdown.slice(0, index).split("\n").length,
    text: text
      .replace(/^npx /, "")
      .replace(/ +#.*$/, "")
      .replaceAll(/ +/g, " ")
      .trim(),
  }));
}

/** As a shell splits a line: quotes keep blanks, and `*` stands for the files there are. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].flatMap(([word]) =>
    /["']/.test(word) ? [word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2")] : filesOf(word.replace(/^~/, "home")),
  );
}

/** The files a word with a `*` in its last part stands for, or the word itself. */
function filesOf(word: string): string[] {
  const [start, end] = path.basename(word).split("*");
  if (end === undefined) return [word];
  const names = readdirSync(path.join(folder, path.dirname(word))).sort();
  return names
    .filter((name) => name.startsWith(start!) && name.endsWith(end))
    .map((name) => `${path.dirname(word)}/${name}`);
}

function skipped(name: string): Outcome {
  return { passed: 0, failed: 0, skipped: 1, output: "", skippedNames: [name] };
}

function combined(outcomes: readonly Outcome[]): Outcome {
  const total = (count: "passed" | "failed" | "skipped") => outcomes.reduce((sum, outcome) => sum + outcome[count], 0);
  return {
    passed: total("passed"),
    failed: total("failed"),
    skipped: total("skipped"),
    output: outcomes.map(({ output }) => output).join("\n"),
    skippedNames: outcomes.flatMap(({ skippedNames = [] }) => skippedNames),
  };
}
