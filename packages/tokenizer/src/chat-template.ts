import { createTimeLimit } from "@blora/files";
import { InvalidInputError, isJsonRecord, type JsonObject, type Message, type Tokenizer } from "@blora/spec";
import { compileTemplate, pythonJson } from "./jinja.ts";
import { recordsOf } from "./json-file.ts";

/** Rendering a conversation takes milliseconds. */
const TEMPLATE_MILLISECONDS = 1000;
/** Characters; the longest templates of published models have a twentieth. */
const LONGEST_TEMPLATE = 2 ** 20;
/** Characters; more tokens than any model reads. Until somebody looks into it, a text a template repeats takes no memory. */
const LONGEST_RENDERED = 2 ** 24;

/**
 * `Tokenizer.applyChatTemplate` of a tokenizer of any kind; undefined where there is no template.
 *
 * @param template a text, or several with names
 * @param specialTokens what it reads for `bos_token` and the like
 * @param folder it comes from, for errors
 */
export function createChatTemplate(
  template: unknown,
  specialTokens: Readonly<Record<string, string>>,
  folder: string,
): Tokenizer["applyChatTemplate"] | undefined {
  const templates = templatesOf(template);
  if (templates.size === 0) return undefined;
  const limit = createTimeLimit(TEMPLATE_MILLISECONDS, `The chat_template of ${folder}`);
  const compiled = new Map<string, ReturnType<typeof compileTemplate>>();
  const compile = (text: string): ReturnType<typeof compileTemplate> => {
    const template = compiled.get(text) ?? compileTemplate(text);
    compiled.set(text, template);
    return template;
  };
  const render = (
    messages: readonly Message[],
    answering: boolean,
    tools: readonly JsonObject[] | undefined,
  ): string => {
    const values = { add_generation_prompt: answering, tools: tools ?? null, documents: null, ...specialTokens };
    try {
      const run = compile(chosen(templates, tools !== undefined));
      return orWithTexts(messages, (turns) => run({ messages: turns, ...values }));
    } catch (cause) {
      // What the library trips over is a template that it cannot run, such as a call of what is no function.
      const found = cause instanceof TypeError ? "it is no template that can be run" : (cause as Error).message;
      throw new InvalidInputError(
        `The chat_template of ${folder} refuses a conversation of ${messages.map(({ role }) => role).join(", ")}: ${found}`,
        { cause },
      );
    }
  };
  const size = [...templates.values()].reduce((sum, text) => sum + text.length, 0);
  return (messages, answering, tools) =>
    limit(() => {
      requireShort(size, LONGEST_TEMPLATE, `the chat_template of ${folder}`);
      const text = render(messages, answering, tools);
      requireShort(text.length, LONGEST_RENDERED, `a conversation by the chat_template of ${folder}`);
      return text;
    });
}

/** Templates such as DeepSeek's take the arguments of a call as JSON text, and refuse objects, which all others write themselves. */
function orWithTexts(messages: readonly Message[], render: (turns: readonly Message[]) => string): string {
  try {
    return render(messages);
  } catch (refusal) {
    if (!messages.some(({ tool_calls: calls }) => calls !== undefined)) throw refusal;
    try {
      return render(messages.map(withTextArguments));
    } catch {
      throw refusal;
    }
  }
}

function withTextArguments(message: Message): Message {
  if (message.tool_calls === undefined) return message;
  return { ...message, tool_calls: message.tool_calls.map(withTextArgumentsOf) };
}

function withTextArgumentsOf(call: JsonObject): JsonObject {
  const inner = isJsonRecord(call.function) ? { function: withTextArgumentsOf(call.function as JsonObject) } : {};
  return { ...call, ...inner, ...(isJsonRecord(call.arguments) && { arguments: pythonJson(call.arguments) }) };
}

function requireShort(length: number, longest: number, what: string): void {
  if (length <= longest) return;
  throw new InvalidInputError(`Expected ${what} to have at most ${longest} characters, found ${length}.`);
}

/** By name; a single one is the default. */
function templatesOf(template: unknown): ReadonlyMap<string, string> {
  if (typeof template === "string" && template !== "") return new Map([["default", template]]);
  const named = isJsonRecord(template)
    ? Object.entries(template)
    : recordsOf(template).map(({ name, template: text }) => [name, text]);
  return new Map(named.filter((one): one is [string, string] => one.every((part) => typeof part === "string")));
}

function chosen(templates: ReadonlyMap<string, string>, withTools: boolean): string {
  const template = (withTools ? templates.get("tool_use") : undefined) ?? templates.get("default");
  if (template !== undefined) return template;
  throw new Error(`none of its templates is the default, found ${[...templates.keys()].join(", ")}`);
}
