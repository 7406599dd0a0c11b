import { InvalidInputError, type Message, type Tokenizer } from "@blora/spec";
import type { Piece } from "./piece.ts";

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
 * @throws InvalidInputError for the template of a checkpoint that brings none, or renders a conversation differently
 *   once it goes on
 */
export function renderChat(messages: readonly Message[], template: ChatTemplate, tokenizer: Tokenizer): Piece[] {
  if (template === "checkpoint") return renderCheckpoint(messages, tokenizer);
  return messages.flatMap((message) =>
    template === "chatml" ? renderChatml(message) : renderPlain(message, tokenizer),
  );
}

function isLearned({ role }: Message): boolean {
  return role === "assistant";
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

/** A template is a program: what belongs to a turn is what it adds once the turn is there. */
function renderCheckpoint(messages: readonly Message[], tokenizer: Tokenizer): Piece[] {
  const apply = tokenizer.applyChatTemplate;
  if (apply === undefined) {
    throw new InvalidInputError(
      "template: expected a tokenizer with a chat_template in its folder (chat_template.jinja or tokenizer_config.json), found none. Use chatml or plain.",
    );
  }
  const pieces: Piece[] = [];
  let rendered = "";
  const add = (text: string, learned: boolean): void => {
    if (!text.startsWith(rendered)) throw changing();
    const added = text.slice(rendered.length);
    // White space after the token that ends a turn belongs to what follows.
    const kept = learned ? added.trimEnd() : added;
    if (kept !== "") pieces.push({ content: kept, learned });
    if (kept !== added) pieces.push({ content: added.slice(kept.length), learned: false });
    rendered = text;
  };
  for (const [index, message] of messages.entries()) {
    if (!isLearned(message)) continue;
    if (index > 0) add(apply(messages.slice(0, index), true), false);
    add(apply(messages.slice(0, index + 1), false), true);
  }
  return pieces;
}

function changing(): InvalidInputError {
  return new InvalidInputError(
    "template: expected a chat_template that only appends as a conversation goes on, found one that rewrites earlier turns. Use chatml or plain.",
  );
}
