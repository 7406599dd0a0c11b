import {
  definePlugin,
  type EncodedExample,
  type Example,
  firstToken,
  InvalidInputError,
  type LanguageModelTask,
  NotFoundError,
  type Plugin,
  type Split,
  type Tokenizer,
} from "@blora/spec";
import { z } from "zod";
import type { RenderedChat } from "./chat.ts";
import { type ChatTemplate, chatPrompt, chatTemplates, defaultTemplate, renderChat } from "./chat-template.ts";
import { encodePieces } from "./encode-pieces.ts";
import type { Piece } from "./piece.ts";
import { readExamples } from "./read-examples.ts";
import { likelihoodScores } from "./score.ts";

export interface InstructOptions {
  /** Split or file to train on. Default `train`, the file `train.jsonl`. */
  readonly train?: string | undefined;
  /** Splits or files to evaluate, the deciding one first. Default `validation`. */
  readonly evaluation?: readonly string[] | undefined;
  /** Fields of rows that are passed over: any that is not understood is an error. Default none. */
  readonly ignoredFields?: readonly string[] | undefined;
  /** How conversations become text. Default: the checkpoint's own, else ChatML where the tokenizer has its tokens, else plain. */
  readonly template?: ChatTemplate | undefined;
  /**
   * Begin every row with the tokenizer's first token. Default: where the tokenizer itself begins texts with it, as Llama's
   * does; a conversation begins as the checkpoint's template writes it.
   */
  readonly addBos?: boolean | undefined;
}

const optionsSchema = z
  .strictObject({
    train: z.string().min(1).optional(),
    evaluation: z.array(z.string().min(1)).min(1).readonly().optional(),
    ignoredFields: z.array(z.string().min(1)).readonly().optional(),
    template: z.enum(chatTemplates).optional(),
    addBos: z.boolean().optional(),
  })
  .optional();

/**
 * Instruction data of your own: one JSON object a line, `{ prompt, completion }`
 * or `{ messages: [{ role, content }] }`. Completions and turns of the
 * assistant are learned, each with the token that ends it.
 */
export const instruct: Plugin<"task", "instruct", InstructOptions | undefined, LanguageModelTask> = definePlugin({
  kind: "task",
  id: "instruct",
  packageName: "@blora/task-instruct",
  optionsSchema,
  create({ train = "train", evaluation = ["validation"], ignoredFields = [], template, addBos }: InstructOptions = {}) {
    const templateFor = (tokenizer: Tokenizer): ChatTemplate => template ?? defaultTemplate(tokenizer);
    return {
      name: "instruct",
      head: { kind: "language-model" },
      primaryMetric: "logLikelihood",
      splits: { train, evaluation },

      load: async (split, folder): Promise<Split> => {
        if (folder === undefined) {
          throw new NotFoundError(
            "The task instruct has no built-in data: name a folder with train.jsonl and validation.jsonl.",
          );
        }
        return { name: split, ...(await readExamples(split, folder, ignoredFields)) };
      },

      encode(example, tokenizer, maxLength): EncodedExample {
        const { pieces, rewrittenAnswers } = renderExample(example, tokenizer, templateFor);
        const isOfCheckpoint = example.messages !== undefined && templateFor(tokenizer) === "checkpoint";
        const begins = addBos ?? (isOfCheckpoint ? false : undefined);
        return {
          ...encodePieces([...beginning(pieces, tokenizer, begins), ...pieces], tokenizer, maxLength),
          ...(rewrittenAnswers > 0 && { rewrittenAnswers }),
          label: example.label,
        };
      },

      score: likelihoodScores,

      chat: {
        ...(addBos !== undefined && { addBos }),
        prompt: (messages, tokenizer) => chatPrompt(messages, templateFor(tokenizer), tokenizer),
      },
    };
  },
});

/** @throws InvalidInputError naming file and row */
function renderExample(
  { first, second, messages, tools, origin }: Example,
  tokenizer: Tokenizer,
  templateFor: (tokenizer: Tokenizer) => ChatTemplate,
): RenderedChat {
  if (messages === undefined) return { pieces: pairOf(first, second ?? "", tokenizer), rewrittenAnswers: 0 };
  try {
    return renderChat({ messages, tools }, templateFor(tokenizer), tokenizer);
  } catch (cause) {
    if (!InvalidInputError.isInstance(cause)) throw cause;
    throw new InvalidInputError(`${origin}: ${cause.message}`, { cause });
  }
}

/** A completion that ends with the token that ends a text has it already. */
function pairOf(prompt: string, completion: string, tokenizer: Tokenizer): Piece[] {
  const texts: Piece[] = [
    { content: prompt, learned: false },
    { content: completion, learned: true },
  ];
  const { eos } = tokenizer.special;
  return eos === undefined || tokenizer.encode(completion).at(-1) === eos
    ? texts
    : [...texts, { content: eos, learned: true }];
}

/** Nothing where the text begins with the first token itself, as many templates write it. */
function beginning([start]: readonly Piece[], tokenizer: Tokenizer, addBos: boolean | undefined): Piece[] {
  const first = firstToken(tokenizer, addBos);
  if (first === undefined) return [];
  const isThere = typeof start?.content === "string" && tokenizer.encode(start.content)[0] === first;
  return isThere ? [] : [{ content: first, learned: false }];
}
