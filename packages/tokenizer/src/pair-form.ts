import { isJsonRecord, type JsonRecord } from "@blora/spec";
import { recordsOf } from "./json-file.ts";

/** How two texts are put together: `[CLS] first [SEP] second [SEP]`, with one separator between or two. */
export interface PairForm {
  readonly separators: 1 | 2;
  /** Token type of the second text and the separator after it. */
  readonly secondType: 0 | 1;
}

export const BERT_PAIRS: PairForm = { separators: 1, secondType: 1 };
export const ROBERTA_PAIRS: PairForm = { separators: 2, secondType: 0 };

/** The form that the `post_processor` of a `tokenizer.json` has; undefined where it has none, or another one. */
export function processedPairForm(processor: unknown): PairForm | undefined {
  if (!isJsonRecord(processor)) return undefined;
  if (processor.type === "BertProcessing") return BERT_PAIRS;
  if (processor.type === "RobertaProcessing") return ROBERTA_PAIRS;
  if (processor.type === "TemplateProcessing") return templateForm(recordsOf(processor.pair));
  return recordsOf(processor.processors)
    .map(processedPairForm)
    .find((form) => form !== undefined);
}

/** Of a template such as `[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1`. */
function templateForm(pieces: readonly JsonRecord[]): PairForm | undefined {
  const written = pieces.map(({ SpecialToken: token, Sequence: text }) => {
    if (isJsonRecord(text)) return `$${text.id}`;
    return isJsonRecord(token) ? String(token.id) : "";
  });
  const [cls, first, separator, ...rest] = written;
  const separators = rest[0] === separator ? 2 : 1;
  const expected = [cls, "$A", ...Array(separators).fill(separator), "$B", separator];
  if (cls === undefined || first === undefined || written.join("\n") !== expected.join("\n")) return undefined;
  const { Sequence: second } = pieces.at(-2)!;
  return { separators, secondType: isJsonRecord(second) && second.type_id === 1 ? 1 : 0 };
}

/** The form that a tokenizer's class, or else a model's type, was trained with, where no post-processor says it. */
export function namedPairForm(tokenizerClass: unknown, modelType: unknown): PairForm {
  const isRoberta = [tokenizerClass, modelType].some((name) => /roberta|camembert/i.test(String(name)));
  return isRoberta ? ROBERTA_PAIRS : BERT_PAIRS;
}
