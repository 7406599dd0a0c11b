import type { StandardSchemaV1 } from "@standard-schema/spec";
import { InvalidInputError } from "./errors.ts";
import { problemAt, requireValid } from "./explain-issues.ts";
import { isJsonRecord } from "./json.ts";

/** A rule that spans several keys: the key at fault, whether the rule is broken, and what must hold. */
export type ConfigRule = readonly [key: string, isBroken: boolean, rule: string];

export interface ModelConfigChecks<Keys> {
  /** `model_type` values, for the message. */
  readonly modelTypes: readonly string[];
  readonly schema: StandardSchemaV1<unknown, Keys>;
  /** Looked at once the schema holds. */
  rules?(keys: Keys): readonly ConfigRule[];
}

/**
 * The keys of a `config.json` that an architecture reads. Null counts as
 * absent: Hugging Face writes it for an option left at its default.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function checkModelConfig<Keys>(
  json: unknown,
  { modelTypes, schema, rules = () => [] }: ModelConfigChecks<Keys>,
): Keys {
  const what = `config.json of a ${modelTypes.join(" or ")} model`;
  const document = withoutNulls(json);
  const keys = requireValid(schema, document, what);
  const broken = rules(keys).filter(([, isBroken]) => isBroken);
  if (broken.length === 0) return keys;
  const problems = broken.map(([key, , rule]) => problemAt([key], `must be ${rule}`, document));
  throw new InvalidInputError(`${what}: ${problems.join("; ")}.`);
}

function withoutNulls(json: unknown): unknown {
  if (!isJsonRecord(json)) return json;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}
