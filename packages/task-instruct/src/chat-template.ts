import { InvalidInputError, type Message, type Tokenizer } from "@blora/spec";
import type { Chat, RenderedChat } from "./chat.ts";
import { renderCheckpoint, templateOf } from "./checkpoint-template.ts";
import type { Piece } from "./piece.ts";
import { isLearned } from "./read-row.ts";

/**
 * How a conversation becomes text: `checkpoint`, by the template of the
 * tokenizer; `chatml`, as Qwen was trained; `plain`, "User: …" line by line.
 */
export const chatTemplates = ["checkpoint", "chatml", "plain"] as const;
export type ChatTemplate = (typeof chatTemplates)[number];

const TURN_START = "<|im_start|>";
const TURN_END = "<|im_end|>";

/** The checkpoint's template where it brings one, ChatML where its tokenizer has ChatML's tokens, else plain. */
export function defaultTemplate(tokenizer: Tokenizer): ChatTemplate {
  if (tokenizer.applyChatTemplate !== undefined) return "checkpoint";
  return tokenizer.encode(TURN_START).length === 1 ? "chatml" : "plain";
}

/**
 * A conversation in pieces, in which turns of the assistant are learned, each
 * with the token that ends it.
 *
 * @throws InvalidInputError for the template of a checkpoint that brings none, or where a template refuses the
 *   conversation or leaves a part of it out
 */
export function renderChat(chat: Chat, template: ChatTemplate, tokenizer: Tokenizer): RenderedChat {
  if (template === "checkpoint") return renderCheckpoint(chat, tokenizer);
  requireTexts(chat, template);
  const pieces = chat.messages.flatMap((message) =>
    template === "chatml" ? renderChatml(message) : renderPlain(message, tokenizer),
  );
  return { pieces, rewrittenAnswers: 0 };
}

/**
 * A conversation up to where the assistant answers, as `renderChat` begins it: the messages themselves where the
 * checkpoint's template writes it.
 *
 * @throws InvalidInputError for the template of a checkpoint that brings none
 */
export function chatPrompt(
  messages: readonly Message[],
  template: ChatTemplate,
  tokenizer: Tokenizer,
): string | readonly Message[] {
  if (template === "checkpoint") {
    templateOf(tokenizer);
    return messages;
  }
  const textOf = ({ content }: Piece): string => (typeof content === "string" ? content : tokenizer.decode([content]));
  const answer = template === "chatml" ? `${TURN_START}assistant\n` : "Assistant:";
  return renderChat({ messages }, template, tokenizer).pieces.map(textOf).join("") + answer;
}

function renderChatml(message: Message): Piece[] {
  return [
    { content: `${TURN_START}${message.role}\n`, learned: false },
    { content: `${message.content}${TURN_END}`, learned: isLearned(message) },
    { content: "\n", learned: false },
  ];
}

function renderPlain(message: Message, { special }: Tokenizer): Piece[] {
  const name = message.role.slice(0, 1).toUpperCase() + message.role.slice(1);
  const learned = isLearned(message);
  const text: Piece[] = [
    { content: `${name}:`, learned: false },
    { content: ` ${message.content}`, learned },
  ];
  if (!learned || special.eos === undefined) return [...text, { content: "\n", learned }];
  return [...text, { content: special.eos, learned }, { content: "\n", learned: false }];
}

/** These templates write roles and texts and nothing else. */
function requireTexts({ messages, tools }: Chat, template: ChatTemplate): void {
  const fields = ["tool_calls", "reasoning_content", "name"] as const;
  const found = messages.flatMap((message, index) =>
    fields
      .filter((field) => message[field] !== undefined && !(field === "name" && message.role === "tool"))
      .map((field) => `turn ${index + 1}: ${field}`),
  );
  const [first] = [...(tools === undefined ? [] : ["tools"]), ...found];
  if (first === undefined) return;
  throw new InvalidInputError(
    `${first}: the template ${template} does not write it. Leave it out, or use the template of a checkpoint that does.`,
  );
}
