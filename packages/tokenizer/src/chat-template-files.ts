import { InvalidInputError } from "@blora/spec";
import { readJsonIfPresent } from "./json-file.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";
import { textOfBytes } from "./utf8.ts";

interface NamedTemplate {
  readonly name: string;
  readonly template: string;
}

/**
 * The chat template that lies beside a tokenizer in a file of its own: `chat_template.jinja`, with the named ones of
 * `additional_chat_templates/`, or the older `chat_template.json`. Undefined where there is none.
 */
export async function readChatTemplate(files: TokenizerFiles): Promise<string | readonly NamedTemplate[] | undefined> {
  const template = await readText(files, "chat_template.jinja");
  const others = await readAdditional(files);
  if (others.length > 0) return template === undefined ? others : [{ name: "default", template }, ...others];
  return template ?? (await readTemplateJson(files));
}

async function readText(files: TokenizerFiles, name: string): Promise<string | undefined> {
  const bytes = await files.read(name);
  return bytes && textOfBytes(bytes);
}

const ADDITIONAL = "additional_chat_templates";

async function readAdditional(files: TokenizerFiles): Promise<readonly NamedTemplate[]> {
  const names = (await files.list(ADDITIONAL)).filter((name) => name.endsWith(".jinja"));
  return Promise.all(
    names.toSorted().map(async (name) => {
      const template = (await readText(files, `${ADDITIONAL}/${name}`)) ?? "";
      return { name: name.slice(0, -".jinja".length), template };
    }),
  );
}

async function readTemplateJson(files: TokenizerFiles): Promise<string | undefined> {
  const json = await readJsonIfPresent(files, "chat_template.json");
  if (json === undefined) return undefined;
  if (typeof json.chat_template === "string") return json.chat_template;
  throw new InvalidInputError(
    `${files.path("chat_template.json")}: expected a text at chat_template, found ${typeof json.chat_template}.`,
  );
}
