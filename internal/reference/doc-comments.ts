import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Comment, Described } from "../../apps/cli/src/reference/reference.ts";
import { root } from "../checks/command.ts";

const PLUGIN = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export const \w+: Plugin<\s*"(\w+)",\s*"([\w-]+)",\s*(\w+)/g;
const ALIAS = /export type (\w+) = (\w+);/g;
const INTERFACE = /interface (\w+)(?: extends (\w+))? \{\n([\s\S]*?)\n\}/g;
const MEMBER = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\??: ([^;]+);/g;

interface Interface {
  readonly parent: string | undefined;
  readonly members: Readonly<Record<string, Comment>>;
}

/** What the sources say of every plugin and its options, by `kind.id` and the option's path, and of the training arguments. */
export function readDocComments(): Readonly<Record<string, Described>> {
  const texts = sources().map((path) => readFileSync(path, "utf8"));
  const interfaces = new Map(texts.flatMap((text) => [...interfacesIn(text), ...aliasesIn(text)]));
  const plugins = texts.flatMap((text) =>
    [...text.matchAll(PLUGIN)].map(([, comment = "", kind, id, options]) => [
      `${kind}.${id}`,
      { about: textOf(comment), options: optionsOf(options!, interfaces, "") },
    ]),
  );
  const training = {
    about: aboutOf("TrainingArguments", texts),
    options: optionsOf("TrainingArguments", interfaces, ""),
  };
  const all = [...plugins, ["training", training]] as [string, Described][];
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sources(): readonly string[] {
  const packages = join(root, "packages");
  const folders = readdirSync(packages).map((name) => join(packages, name, "src"));
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))),
  );
  return files.filter((file) => file.endsWith(".ts")).sort();
}

function interfacesIn(text: string): [string, Interface][] {
  return [...text.matchAll(INTERFACE)].map(([, name, parent, body]) => {
    const members = [...body!.matchAll(MEMBER)].map(([, comment, member, type]) => [
      member,
      { type: type!.replace(/ \| undefined$/, ""), text: textOf(comment!) },
    ]);
    return [name!, { parent, members: Object.fromEntries(members) as Interface["members"] }];
  });
}

/** A name for an interface, as one that adds nothing to it. */
function aliasesIn(text: string): [string, Interface][] {
  return [...text.matchAll(ALIAS)].map(([, name, parent]) => [name!, { parent, members: {} }]);
}

/** Options of an interface and of what it extends; of those that are interfaces themselves also the inner ones. */
function optionsOf(
  name: string,
  interfaces: ReadonlyMap<string, Interface>,
  prefix: string,
): Readonly<Record<string, Comment>> {
  const found = interfaces.get(name);
  if (found === undefined) return {};
  const inherited = found.parent === undefined ? {} : optionsOf(found.parent, interfaces, prefix);
  const own = Object.entries(found.members).map(([member, comment]) => [prefix + member, comment]);
  const isPlain = (type: string): boolean => /(?:Shares|Options)$/.test(type);
  const inner = Object.entries(found.members)
    .filter(([, { type }]) => isPlain(type))
    .map(([member, { type }]) => optionsOf(type, interfaces, `${prefix}${member}.`));
  return Object.assign({}, inherited, Object.fromEntries(own), ...inner);
}

function aboutOf(name: string, texts: readonly string[]): string {
  const pattern = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*export interface ${name} `);
  const comment = texts.map((text) => pattern.exec(text)?.[1]).find((found) => found !== undefined);
  return textOf(comment ?? "");
}

/** The prose of a comment as one paragraph, without its tags. */
function textOf(comment: string): string {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, ""));
  const end = lines.findIndex((line) => line.startsWith("@"));
  return lines
    .slice(0, end < 0 ? lines.length : end)
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
}
