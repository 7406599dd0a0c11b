import { InvalidInputError, isJsonRecord, type JsonRecord, type SpecialTokens } from "@blora/spec";
import { recordsOf } from "./json-file.ts";

interface Role {
  readonly role: keyof SpecialTokens;
  /** Key in `tokenizer_config.json` and `special_tokens_map.json`. */
  readonly key: string;
  /** Names tried where no file says. */
  readonly usual: readonly string[];
}

const ROLES: readonly Role[] = [
  { role: "cls", key: "cls_token", usual: ["[CLS]", "<s>"] },
  { role: "sep", key: "sep_token", usual: ["[SEP]", "</s>"] },
  { role: "pad", key: "pad_token", usual: ["[PAD]", "<pad>"] },
  { role: "mask", key: "mask_token", usual: ["[MASK]", "<mask>"] },
  { role: "unknown", key: "unk_token", usual: ["[UNK]", "<unk>"] },
  { role: "bos", key: "bos_token", usual: ["<s>"] },
  { role: "eos", key: "eos_token", usual: ["</s>", "<|endoftext|>"] },
];

/** Usual names among the special tokens that a `tokenizer.json` adds, as a configuration would give them. */
export function usualTokens({ added_tokens: added }: JsonRecord): JsonRecord {
  const special = new Set(recordsOf(added).flatMap(({ content, special }) => (special === true ? [content] : [])));
  return Object.fromEntries(
    ROLES.flatMap(({ key, usual }) => {
      const name = usual.find((candidate) => special.has(candidate));
      return name === undefined ? [] : [[key, name]];
    }),
  );
}

function configuredName(config: JsonRecord | undefined, key: string): string | undefined {
  const value = config?.[key];
  const name = isJsonRecord(value) ? value.content : value;
  return typeof name === "string" ? name : undefined;
}

/** Lists of special tokens without a role; the second may name each. */
const LISTS = ["additional_special_tokens", "extra_special_tokens"];

/** Special tokens that configurations name, the first that names a role or a list alone, with their flags where they say them. */
export function configuredTokens(
  configs: readonly (JsonRecord | undefined)[],
): readonly (JsonRecord & { readonly content: string })[] {
  const firstOf = (key: string): unknown => configs.map((config) => config?.[key]).find((value) => value != null);
  const listed = LISTS.map(firstOf).flatMap((list) => (typeof list === "object" ? Object.values(list as object) : []));
  return [...ROLES.map(({ key }) => firstOf(key)), ...listed].flatMap((value) => {
    const token = isJsonRecord(value) ? value : { content: value };
    return typeof token.content === "string" ? [{ ...token, content: token.content }] : [];
  });
}

/**
 * Names of the special tokens that exist in the vocabulary, by role. A file
 * that names some names all: Qwen's vocabulary has an ordinary "<s>".
 */
export function specialTokenNames(
  vocabulary: ReadonlyMap<string, number>,
  configs: readonly (JsonRecord | undefined)[],
): ReadonlyMap<keyof SpecialTokens, string> {
  const names = new Map<keyof SpecialTokens, string>();
  const isConfigured = ROLES.some(({ key }) => configs.some((config) => configuredName(config, key) !== undefined));
  for (const { role, key, usual } of ROLES) {
    const configured = configs.map((config) => configuredName(config, key)).find((name) => name !== undefined);
    const candidates = configured === undefined && !isConfigured ? usual : [configured];
    const name = candidates.find((candidate) => candidate !== undefined && vocabulary.has(candidate));
    if (name !== undefined) names.set(role, name);
  }
  return names;
}

/** What a chat template reads for `bos_token` and the like: as the files spell them, else by their usual names. */
export function specialTokenTexts(
  vocabulary: ReadonlyMap<string, number>,
  configs: readonly (JsonRecord | undefined)[],
): Readonly<Record<string, string>> {
  const names = specialTokenNames(vocabulary, configs);
  const texts = ROLES.map(({ role, key }): [string, string | undefined] => {
    const configured = configs.map((config) => configuredName(config, key)).find((name) => name !== undefined);
    return [key, configured ?? names.get(role)];
  });
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/**
 * Ids of the special tokens that a vocabulary has. Where there is no padding
 * token, the end of text pads.
 *
 * Throws `InvalidInputError` where there is neither.
 */
export function specialTokenIds(
  vocabulary: ReadonlyMap<string, number>,
  configs: readonly (JsonRecord | undefined)[],
  folder: string,
): SpecialTokens {
  const ids: Partial<Record<keyof SpecialTokens, number>> = {};
  for (const [role, name] of specialTokenNames(vocabulary, configs)) ids[role] = vocabulary.get(name)!;
  const pad = ids.pad ?? ids.eos;
  if (pad === undefined) {
    throw new InvalidInputError(
      `The tokenizer in ${folder} has no pad_token ([PAD] or <pad>) and no eos_token (</s> or <|endoftext|>) to pad with. ` +
        "Name one in its tokenizer_config.json.",
    );
  }
  return { ...ids, pad };
}
