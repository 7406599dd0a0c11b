import type { Registry } from "@blora/core";
import { type AnyPlugin, didYouMean, NotFoundError, type PluginKind } from "@blora/spec";
import { glueTaskNames } from "@blora/task-glue";
import { trainingArgumentsSchema } from "@blora/trainer";
import descriptions from "./descriptions.json" with { type: "json" };
import { type Option, optionsOf } from "./options-of.ts";
import { code } from "./schema-type.ts";

/** What a comment in the sources says of an option, and its type there. */
export interface Comment {
  readonly type: string;
  readonly text: string;
}

/** Comments of a plugin, or of the training arguments. */
export interface Described {
  readonly about: string;
  readonly options: Readonly<Record<string, Comment>>;
}

/** Kinds in the order they are listed in, and what lists call them. */
export const KINDS: Readonly<Record<PluginKind, string>> = {
  task: "Tasks",
  method: "Methods",
  quantizer: "Quantizers",
  gate: "Gates",
  architecture: "Architectures",
  engine: "Engines",
  costModel: "Cost models",
  jobs: "Job engines",
  store: "Stores",
};

/** What the arguments of training are called beside the plugins. */
export const TRAINING = "training";

const COMMENTS: Readonly<Record<string, Described>> = descriptions;

/** Options of nested components and of those a config file alone makes. */
const SETTING: Readonly<Record<PluginKind, string>> = {
  task: "`--set task.<option>=<value>`",
  method: "`--set method.<option>=<value>`",
  engine: "`--set engine.<option>=<value>`",
  quantizer: "`--set method.quantizer.<option>=<value>` or `--set method.siteQuantizer.<option>=<value>`",
  gate: "`--set method.quantizer.gate.<option>=<value>`, or that of another component that has a gate",
  architecture: "a config file",
  costModel: "a config file",
  jobs: "code, or by the command that hands jobs out",
  store: "code, or by the command that hands jobs out",
};

/** Names of all plugins, `method.blora` and so on. */
export function referenceNames(registry: Registry): readonly string[] {
  return [TRAINING, ...kindsIn(registry).flatMap((kind) => registry.ids(kind).map((id) => `${kind}.${id}`))];
}

/** A line for each plugin, below its kind. */
export function referenceList(registry: Registry): string {
  const groups = kindsIn(registry).map((kind) => {
    const lines = registry.ids(kind).map((id) => lineOf(`${kind}.${id}`, registry.plugin(kind, id)));
    return `${KINDS[kind]}\n${lines.join("")}`;
  });
  return [`  ${TRAINING.padEnd(28)} arguments of every run\n`, ...groups].join("\n");
}

function lineOf(name: string, { packageName }: AnyPlugin): string {
  const about = firstSentence(COMMENTS[name]?.about ?? `of ${packageName ?? "a package that does not name itself"}`);
  return `  ${name.padEnd(28)} ${about}\n`;
}

/**
 * Every option of a plugin, or every argument of training, as Markdown.
 *
 * @throws NotFoundError for a name that nothing has, with suggestions
 */
export function referenceOf(name: string, registry: Registry): string {
  const known = referenceNames(registry);
  const asked = name.replace("/", ".");
  const isGlue = glueTaskNames.some((task) => asked === `task.${task}` || asked === task);
  const found = known.find((candidate) => candidate === (isGlue ? "task.glue" : asked));
  if (found === undefined) {
    const same = known.filter((candidate) => candidate.endsWith(`.${asked}`));
    const near = same.length > 0 ? ` Did you mean ${same.join(", ")}?` : didYouMean(asked, known);
    throw new NotFoundError(`No plugin is called "${name}".${near} blora options lists them.`);
  }
  return section(found, registry);
}

function section(name: string, registry: Registry): string {
  const [kind, id] = name.split(".") as [PluginKind, string];
  const plugin = name === TRAINING ? undefined : registry.plugin(kind, id);
  const options = optionsOf(plugin?.optionsSchema ?? trainingArgumentsSchema);
  const comments = COMMENTS[name];
  const set = plugin === undefined ? "`--set <argument>=<value>`, or `training` in a config file" : SETTING[kind];
  const lines = options.map((option) => line(option, comments?.options[option.path]));
  const fromData = plugin?.fromData === undefined ? "" : " What is left out is told from the data.";
  const body = lines.length === 0 ? "It has no options.\n" : `Set by ${set}.${fromData}\n\n${lines.join("")}`;
  const about = comments === undefined ? "" : `${comments.about}\n\n`;
  return `## ${name}\n\n${about}${body}`;
}

function line({ path, type, required, fallback, description }: Option, comment: Comment | undefined): string {
  const text = comment?.text ?? description ?? "";
  const facts = [
    type || comment?.type || "a value",
    ...(required ? ["required"] : []),
    ...(fallback === undefined || text.includes("Default") ? [] : [`default ${code(fallback)}`]),
  ];
  return `- \`${path}\` (${facts.join("; ")})${text === "" ? "" : `: ${text}`}\n`;
}

function firstSentence(text: string): string {
  return /^.*?(?<!\bal)[.:](?=\s|$)/.exec(text)?.[0].replace(/:$/, ".") ?? text;
}

/** Kinds that have a plugin. */
export function kindsIn(registry: Registry): readonly PluginKind[] {
  return (Object.keys(KINDS) as PluginKind[]).filter((kind) => registry.ids(kind).length > 0);
}
