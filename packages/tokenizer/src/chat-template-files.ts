import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { readIfPresent, readJsonIfPresent } from "./json-file.ts";

interface NamedTemplate {
  readonly name: string;
  readonly template: string;
}

/**
 * The chat template that lies beside a tokenizer in a file of its own: `chat_template.jinja`, with the named ones of
 * `additional_chat_templates/`, or the older `chat_template.json`. Undefined where there is none.
 */
export async function readChatTemplate(folder: string): Promise<string | readonly NamedTemplate[] | undefined> {
  const template = (await readIfPresent(join(folder, "chat_template.jinja")))?.toString("utf8");
  const others = await readAdditional(join(folder, "additional_chat_templates"));
  if (others.length > 0) return template === undefined ? others : [{ name: "default", template }, ...others];
  return template ?? (await readTemplateJson(join(folder, "chat_template.json")));
}

async function readAdditional(folder: string): Promise<readonly NamedTemplate[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith(".jinja")).sort();
  return Promise.all(
    files.map(async (file) => {
      const content = await readIfPresent(join(folder, file));
      return { name: file.slice(0, -".jinja".length), template: content?.toString("utf8") ?? "" };
    }),
  );
}

async function readTemplateJson(path: string): Promise<string | undefined> {
  const json = await readJsonIfPresent(path);
  if (json === undefined) return undefined;
  if (typeof json.chat_template === "string") return json.chat_template;
  throw new InvalidInputError(`${path}: expected a text at chat_template, found ${typeof json.chat_template}.`);
}
