import { InvalidInputError, type Message, type Tokenizer } from "@blora/spec";
import type { Chat, RenderedChat } from "./chat.ts";
import type { Piece } from "./piece.ts";
import { isLearned } from "./read-row.ts";
import { changedText, requireWritten } from "./written-fields.ts";

/** The text of a conversation by a checkpoint's template. */
export type Render = (messages: readonly Message[], answering?: boolean) => string;

interface Span {
  readonly start: number;
  readonly end: number;
  /** After white space that the template ends the turn with. */
  readonly next: number;
}

/**
 * The pieces of a conversation by the checkpoint's template, up to its last
 * answer. A template is a program, so that where an answer stands is asked of
 * it: an answer is what the template adds to a conversation in which the
 * assistant is about to answer. In the text of the whole conversation it is
 * learned where it stands unchanged. Templates that write an answer in another
 * way once it is history, as Qwen3's does with thoughts, leave the last one.
 *
 * @throws InvalidInputError where there is no template, or it refuses the conversation or leaves a part of it out
 */
export function renderCheckpoint({ messages, tools }: Chat, tokenizer: Tokenizer): RenderedChat {
  const apply = templateOf(tokenizer);
  const render: Render = (turns, answering = false) => apply(turns, answering, tools);
  const last = messages.findLastIndex(isLearned);
  const turns = messages.slice(0, last + 1);
  const text = render(turns);
  requireWritten({ messages: turns, tools }, text, apply);
  const answers = [...turns.keys()].filter((index) => isLearned(turns[index]!));
  const spans = answers.flatMap((index) => findAnswer(turns, index, text, render) ?? []);
  return { pieces: cut(text, spans), rewrittenAnswers: answers.length - spans.length };
}

/** @throws InvalidInputError where the checkpoint brings no template */
export function templateOf({ applyChatTemplate }: Tokenizer): NonNullable<Tokenizer["applyChatTemplate"]> {
  if (applyChatTemplate !== undefined) return applyChatTemplate;
  throw new InvalidInputError(
    "template: expected a tokenizer with a chat_template in its folder (chat_template.jinja or tokenizer_config.json), found none. Use chatml or plain.",
  );
}

/** Where an answer stands in the text of the conversation, if it does as it was given. */
function findAnswer(turns: readonly Message[], index: number, text: string, render: Render): Span | undefined {
  const upTo = turns.slice(0, index + 1);
  const given = render(upTo);
  const start = startOfAnswer(upTo, given, render);
  // White space after the token that ends a turn belongs to what follows.
  const answer = given.slice(start).trimEnd();
  if (answer === "")
    throw new InvalidInputError(`turn ${index + 1}: the chat_template writes nothing for this answer.`);
  if (text.startsWith(given.slice(0, start) + answer)) {
    const end = start + answer.length;
    return { start, end, next: text.startsWith(given) ? given.length : end };
  }
  const there = startOfContent(turns, index, text, render);
  const here = startOfContent(upTo, index, given, render);
  if (there === undefined || here === undefined) return undefined;
  const moved = there - here + start;
  const end = moved + answer.length;
  return moved >= 0 && text.startsWith(answer, moved) ? { start: moved, end, next: end } : undefined;
}

/**
 * Where the last turn begins, as the model has to write it: after what the
 * template puts before an answer. Where that is not in the text, after what
 * does not depend on the turn.
 */
function startOfAnswer(turns: readonly Message[], text: string, render: Render): number {
  const asked = changedText(() => render(turns.slice(0, -1), true));
  if (asked !== undefined && asked !== "" && text.startsWith(asked)) return asked.length;
  return startOfContent(turns, turns.length - 1, text, render) ?? 0;
}

/** Where the text of a conversation changes first when one of its turns says something else. */
function startOfContent(turns: readonly Message[], index: number, text: string, render: Render): number | undefined {
  // One of the two begins unlike the turn.
  const starts = ["X", "Y"].map((content) => {
    const { reasoning_content: thoughts, ...turn } = turns[index]!;
    const other = { ...turn, content, ...(thoughts !== undefined && { reasoning_content: content }) };
    const changed = changedText(() => render(turns.with(index, other)));
    return changed === undefined ? Number.NaN : commonLength(text, changed);
  });
  const start = Math.min(...starts);
  return Number.isNaN(start) || start === text.length ? undefined : start;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function cut(text: string, spans: readonly Span[]): Piece[] {
  const pieces: Piece[] = [];
  let position = 0;
  const add = (end: number, learned: boolean): void => {
    if (end > position) pieces.push({ content: text.slice(position, end), learned });
    position = end;
  };
  for (const { start, end, next } of spans) {
    add(start, false);
    add(end, true);
    add(next, false);
  }
  add(text.length, false);
  return pieces;
}
