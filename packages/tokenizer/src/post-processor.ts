import { InvalidInputError, isJsonRecord, type JsonRecord, textOfJson } from "@blora/spec";
import { BERT_PAIRS, type Frame, type PairForm, ROBERTA_PAIRS, type Slot } from "./frame.ts";
import { recordsOf } from "./json-file.ts";

/**
 * The frame of a `tokenizer.json`, from its post-processor of type TemplateProcessing, alone or in a sequence.
 *
 * @returns undefined where there is none
 * @throws InvalidInputError naming the file, for a template without its texts or with a token of no id
 */
export function readFrame({ post_processor: processor }: JsonRecord, path: string): Frame | undefined {
  const template = processorsOf(processor).find(({ type }) => type === "TemplateProcessing");
  if (template === undefined) return undefined;
  const slots = (key: "single" | "pair", texts: readonly string[]): Slot[] => {
    const pieces = recordsOf(template[key]).flatMap((piece) => slotsOf(piece, template.special_tokens, path));
    const found = pieces.flatMap(({ token }) => (typeof token === "string" ? [token] : []));
    if (String(found) === String(texts)) return pieces;
    throw new InvalidInputError(
      `${path}: post_processor: expected a template "${key}" with the ${texts.join(" and the ")} text once, found ${JSON.stringify(template[key])}.`,
    );
  };
  return { single: slots("single", ["first"]), pair: slots("pair", ["first", "second"]) };
}

/** The form of pairs that the `post_processor` of a `tokenizer.json` has; undefined where it has none, or another one. */
export function processedPairForm(processor: unknown): PairForm | undefined {
  return processorsOf(processor)
    .map(({ type, pair }) => {
      if (type === "BertProcessing") return BERT_PAIRS;
      if (type === "RobertaProcessing") return ROBERTA_PAIRS;
      return type === "TemplateProcessing" ? templateForm(recordsOf(pair)) : undefined;
    })
    .find((form) => form !== undefined);
}

/** A post-processor, and those of a sequence. */
function processorsOf(processor: unknown): readonly JsonRecord[] {
  if (!isJsonRecord(processor)) return [];
  return [processor, ...recordsOf(processor.processors).flatMap(processorsOf)];
}

const TEXTS: Readonly<Record<string, Slot["token"]>> = { A: "first", B: "second" };

function slotsOf(piece: JsonRecord, specialTokens: unknown, path: string): Slot[] {
  const { SpecialToken: special, Sequence: sequence } = piece;
  const { id, type_id: type } = (
    isJsonRecord(special) ? special : isJsonRecord(sequence) ? sequence : {}
  ) as JsonRecord;
  const segment = type === 1 ? 1 : 0;
  if (isJsonRecord(sequence)) return [{ token: TEXTS[textOfJson(id)] ?? "first", segment }];
  const entry = isJsonRecord(specialTokens) ? specialTokens[textOfJson(id)] : undefined;
  const ids: unknown = isJsonRecord(entry) ? entry.ids : undefined;
  if (Array.isArray(ids) && ids.every((token) => Number.isInteger(token) && token >= 0)) {
    return ids.map((token) => ({ token, segment }));
  }
  throw new InvalidInputError(
    `${path}: post_processor: expected the ids of ${JSON.stringify(id)} in special_tokens, found ${JSON.stringify(ids)}.`,
  );
}

/** Of a template such as `[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1`. */
function templateForm(pieces: readonly JsonRecord[]): PairForm | undefined {
  const written = pieces.map(({ SpecialToken: token, Sequence: text }) => {
    if (isJsonRecord(text)) return `$${textOfJson(text.id)}`;
    return isJsonRecord(token) ? textOfJson(token.id) : "";
  });
  const [cls, first, separator, ...rest] = written;
  const separators = rest[0] === separator ? 2 : 1;
  const expected = [cls, "$A", ...Array(separators).fill(separator), "$B", separator];
  if (cls === undefined || first === undefined || written.join("\n") !== expected.join("\n")) return undefined;
  const { Sequence: second } = pieces.at(-2)!;
  return { separators, secondType: isJsonRecord(second) && second.type_id === 1 ? 1 : 0 };
}
