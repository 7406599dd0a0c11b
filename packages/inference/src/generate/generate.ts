import { didYouMean, firstToken, InvalidInputError, isJsonRecord, type Message, type Tokenizer } from "@blora/spec";
import { uniformValues } from "@blora/tensor";
import type { Reader } from "./reader.ts";
import { chooseToken, requireSampling } from "./sampling.ts";
import { createTextStream } from "./text-stream.ts";

/** Why a text ended: by a token that ends texts, at `maxNewTokens`, or where the network can read no more. */
export type GenerationEnd = "stop-token" | "max-new-tokens" | "model-limit";

export interface GenerateOptions {
  /** Default 128. Generation also ends where the network can read no more. */
  readonly maxNewTokens?: number;
  /** 0, the default, takes the likeliest token; 1 draws from the model's own distribution. */
  readonly temperature?: number;
  /** Draws from the fewest likeliest tokens whose probability reaches this. Default 1: from all. */
  readonly topP?: number;
  /** Same seed, same text. Default 0. */
  readonly seed?: number;
  /** Ids that end the text; by default those the model's files name, and what ends a turn of a conversation. */
  readonly stopIds?: readonly number[];
  /**
   * Begin with the tokenizer's first token. Default: where the tokenizer itself begins a text with it, as Llama's does; a
   * conversation begins as the chat template writes it.
   */
  readonly addBos?: boolean;
  /** Told once why the text ended, after its last token. */
  readonly onEnd?: (end: GenerationEnd) => void;
}

/**
 * Tokens after a prompt, one by one. The token that ends the text is not among them.
 *
 * @throws InvalidInputError for an option out of range, or a prompt that is empty or longer than the reader has room for
 * @throws NumericalError where a logit is not finite
 */
export async function* generateTokens(
  reader: Reader,
  prompt: readonly number[],
  options: GenerateOptions,
): AsyncGenerator<number, void, undefined> {
  const { maxNewTokens = 128, temperature = 0, topP = 1, seed = 0, stopIds = reader.endIds, onEnd } = options;
  requireNames(options);
  requireOptions({ maxNewTokens, seed });
  requireSampling({ temperature, topP });
  requirePrompt(prompt, reader);
  let unread: readonly number[] = prompt;
  for (let step = 0; step < maxNewTokens; step++) {
    if (reader.length + unread.length > reader.limit) return onEnd?.("model-limit");
    const logits = await reader.read(unread);
    const [uniform] = uniformValues({ seed, step, path: "generate" }, 1);
    const token = chooseToken(logits, { temperature, topP }, uniform!);
    if (stopIds.includes(token)) return onEnd?.("stop-token");
    yield token;
    unread = [token];
  }
  onEnd?.("max-new-tokens");
}

/** Text after a prompt, as it arrives: whole characters, never half of one. */
export async function* generateText(
  reader: Reader,
  tokenizer: Tokenizer,
  prompt: string | readonly Message[],
  options: GenerateOptions,
): AsyncGenerator<string, void, undefined> {
  const ids = promptIds(prompt, tokenizer, options.addBos);
  const text = createTextStream(tokenizer, ids);
  for await (const token of generateTokens(reader, ids, options)) {
    const news = text.push(token);
    if (news !== "") yield news;
  }
  const rest = text.end();
  if (rest !== "") yield rest;
}

function promptIds(prompt: string | readonly Message[], tokenizer: Tokenizer, addBos: boolean | undefined): number[] {
  requireTextOrMessages(prompt);
  const isText = typeof prompt === "string";
  const ids = tokenizer.encode(isText ? prompt : promptOf(prompt, tokenizer));
  const first = firstToken(tokenizer, addBos ?? (isText ? undefined : false));
  // Many chat templates write it themselves.
  return first === undefined || ids[0] === first ? ids : [first, ...ids];
}

function promptOf(messages: readonly Message[], { applyChatTemplate }: Tokenizer): string {
  if (applyChatTemplate !== undefined) return applyChatTemplate(messages, true);
  throw new InvalidInputError("Expected a tokenizer with a chat_template for a conversation, found none. Give a text.");
}

/** Also of callers that no type holds back. */
function requireTextOrMessages(prompt: unknown): void {
  const isMessage = (value: unknown): boolean => isJsonRecord(value) && typeof value.role === "string";
  if (typeof prompt === "string" || (Array.isArray(prompt) && prompt.length > 0 && prompt.every(isMessage))) return;
  throw new InvalidInputError(
    `Expected a prompt that is a text, or a list of messages with a role and a content, found ${JSON.stringify(prompt)}.`,
  );
}

const OPTIONS: Readonly<Record<keyof GenerateOptions, true>> = {
  maxNewTokens: true,
  temperature: true,
  topP: true,
  seed: true,
  stopIds: true,
  addBos: true,
  onEnd: true,
};

/** An option of other libraries would be passed over in silence. */
function requireNames(options: GenerateOptions): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown === undefined) return;
  const names = Object.keys(OPTIONS);
  throw new InvalidInputError(
    `generate: expected an option of ${names.join(", ")}, found ${unknown}.${didYouMean(unknown, names)}`,
  );
}

function requirePrompt({ length }: readonly number[], { limit, length: read }: Reader): void {
  if (length === 0) throw new InvalidInputError("Expected a prompt of at least one token, found none.");
  if (length <= limit - read) return;
  const most = read === 0 ? "the most the model reads" : `the model reads ${limit} and has read ${read}`;
  throw new InvalidInputError(`Expected a prompt of at most ${limit - read} tokens, ${most}, found ${length}.`);
}

function requireOptions({ maxNewTokens, seed }: Required<Pick<GenerateOptions, "maxNewTokens" | "seed">>): void {
  if (!(Number.isInteger(maxNewTokens) && maxNewTokens > 0)) {
    throw new InvalidInputError(`maxNewTokens: expected a whole number above 0, found ${maxNewTokens}.`);
  }
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return;
  throw new InvalidInputError(`seed: expected a whole number from 0 to ${2 ** 32 - 1}, found ${seed}.`);
}
