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
  /** Begin every text with the tokenizer's first token. Default: where the tokenizer itself begins texts with it, as Llama's does. */
  readonly addBos?: boolean | undefined;
}

/** The dev split has five rows a subject. */
const MOST_SHOTS = 5;

export const mmluOptionsSchema: z.ZodType<CompleteOptions, MmluOptions | undefined> = z
  .strictObject({
    protocol: z.enum(protocolNames as readonly [ProtocolName, ...ProtocolName[]]).default("lm-evaluation-harness"),
    shots: z.int().min(0).max(MOST_SHOTS).default(MOST_SHOTS),
    subjects: z
      .array(z.enum(subjectNames as readonly [Subject, ...Subject[]]))
      .min(1)
      .readonly()
      .optional(),
    split: z.enum(SPLITS).default("test"),
    limit: z.int().min(1).optional(),
    addBos: z.boolean().optional(),
  })
  .transform(({ subjects, limit, addBos, ...options }) => ({ ...options, limit, addBos, subjects: inOrder(subjects) }))
  .prefault({});

/** Options with every default in place, as manifests hold them. */
export interface CompleteOptions {
  readonly protocol: ProtocolName;
  readonly shots: number;
  /** In alphabetical order, each once; undefined for all. */
  readonly subjects: readonly Subject[] | undefined;
  readonly split: SplitName;
  readonly limit: number | undefined;
  readonly addBos: boolean | undefined;
}

export interface MmluSettings extends CompleteOptions {
  readonly subjects: readonly Subject[];
}

export function settingsOf(options: CompleteOptions): MmluSettings {
  return { ...options, subjects: options.subjects ?? subjectNames };
}

function inOrder(subjects: readonly Subject[] | undefined): readonly Subject[] | undefined {
  const chosen = subjectNames.filter((name) => subjects?.includes(name));
  return chosen.length === 0 || chosen.length === subjectNames.length ? undefined : chosen;
}
