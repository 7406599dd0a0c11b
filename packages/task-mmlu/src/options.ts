import { z } from "zod";
import { SPLITS, type SplitName } from "./find-files.ts";
import { type ProtocolName, protocolNames } from "./protocols.ts";
import { type Subject, subjectNames } from "./subjects.ts";

export interface MmluOptions {
  /** Wording, categories, and what happens to long prompts. Default `lm-evaluation-harness`. */
  readonly protocol?: ProtocolName | undefined;
  /** Questions with answers shown before each question, 0 to 5. Default 5. */
  readonly shots?: number | undefined;
  /** Default: all 57. */
  readonly subjects?: readonly Subject[] | undefined;
  /** Questions that are scored. Default `test`. */
  readonly split?: SplitName | undefined;
  /** Questions of each subject at most, from its first. A score over fewer than all is no MMLU score. */
  readonly limit?: number | undefined;
  /** Begin every text with the tokenizer's first token, as models of Llama's kind were trained. Default false. */
  readonly addBos?: boolean | undefined;
}

/** The dev split has five rows a subject. */
const MOST_SHOTS = 5;

export const mmluOptionsSchema: z.ZodType<MmluOptions | undefined, MmluOptions | undefined> = z
  .strictObject({
    protocol: z.enum(protocolNames as readonly [ProtocolName, ...ProtocolName[]]).optional(),
    shots: z.int().min(0).max(MOST_SHOTS).optional(),
    subjects: z
      .array(z.enum(subjectNames as readonly [Subject, ...Subject[]]))
      .min(1)
      .readonly()
      .optional(),
    split: z.enum(SPLITS).optional(),
    limit: z.int().min(1).optional(),
    addBos: z.boolean().optional(),
  })
  .optional();

/** Options with every default in place; subjects in alphabetical order, each once. */
export interface MmluSettings {
  readonly protocol: ProtocolName;
  readonly shots: number;
  readonly subjects: readonly Subject[];
  readonly split: SplitName;
  readonly limit: number | undefined;
  readonly addBos: boolean;
}

export function settingsOf({
  protocol = "lm-evaluation-harness",
  shots = MOST_SHOTS,
  subjects,
  split = "test",
  limit,
  addBos = false,
}: MmluOptions = {}): MmluSettings {
  const chosen = subjects === undefined ? subjectNames : subjectNames.filter((name) => subjects.includes(name));
  return { protocol, shots, subjects: chosen, split, limit, addBos };
}
