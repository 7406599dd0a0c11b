import {
  definePlugin,
  type EncodedExample,
  type Example,
  InvalidInputError,
  type LanguageModelTask,
  NotFoundError,
  type Plugin,
  type Tokenizer,
} from "@blora/spec";
import { z } from "zod";
import { type ChatTemplate, chatTemplates, defaultTemplate, renderChat } from "./chat-template.ts";
import { encodePieces } from "./encode-pieces.ts";
import type { Piece } from "./piece.ts";
import { readExamples } from "./read-examples.ts";
import { likelihoodScores } from "./score.ts";

export interface InstructOptions {
  /** Split or file to train on. Default `train`, the file `train.jsonl`. */
  readonly train?: string | undefined;
  /** Splits or files to evaluate, the deciding one first. Default `validation`. */
  readonly evaluation?: readonly string[] | undefined;
  /** How conversations become text. Default: the checkpoint's own, else ChatML where the tokenizer has its tokens, else plain. */
  readonly template?: ChatTemplate | undefined;
  /** Begin every row with the tokenizer's first token, as models of Llama's kind were trained. Default false. */
  readonly addBos?: boolean | undefined;
}

const optionsSchema = z
  .strictObject({
    train: z.string().min(1).optional(),
    evaluation: z.array(z.string().min(1)).min(1).readonly().optional(),
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
  create({ train = "train", evaluation = ["validation"], template, addBos = false }: InstructOptions = {}) {
    return {
      name: "instruct",
      head: { kind: "language-model" },
      primaryMetric: "logLikelihood",
      splits: { train, evaluation },

      load: async (split, folder): Promise<{ name: string; examples: Example[] }> => {
        if (folder === undefined) {
          throw new NotFoundError(
            "The task instruct has no built-in data: name a folder with train.jsonl and validation.jsonl.",
          );
        }
        return { name: split, examples: await readExamples(split, folder) };
      },

      encode: (example, tokenizer, maxLength): EncodedExample => ({
        ...encodePieces(
          [...firstToken(addBos, tokenizer), ...piecesOf(example, tokenizer, template)],
          tokenizer,
          maxLength,
        ),
        label: example.label,
      }),

      score: likelihoodScores,
    };
  },
});

function piecesOf(
  { first, second, messages }: Example,
  tokenizer: Tokenizer,
  template: ChatTemplate | undefined,
): Piece[] {
  if (messages !== undefined) return renderChat(messages, template ?? defaultTemplate(tokenizer), tokenizer);
  const { eos } = tokenizer.special;
  const prompt: Piece = { content: first, learned: false };
  const completion: Piece = { content: second ?? "", learned: true };
  return eos === undefined ? [prompt, completion] : [prompt, completion, { content: eos, learned: true }];
}

function firstToken(addBos: boolean, { special }: Tokenizer): Piece[] {
  if (!addBos) return [];
  if (special.bos !== undefined) return [{ content: special.bos, learned: false }];
  throw new InvalidInputError("addBos: expected a tokenizer with a first token, found one without.");
}
