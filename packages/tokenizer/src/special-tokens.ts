import { InvalidInputError, type Tokenizer } from "@blora/spec";
import { isRecord, type JsonRecord } from "./json-file.ts";

type SpecialTokens = Tokenizer["special"];

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
];

function configuredName(config: JsonRecord | undefined, key: string): string | undefined {
  const value = config?.[key];
  const name = isRecord(value) ? value.content : value;
  return typeof name === "string" ? name : undefined;
}

/** Names of the five special tokens that exist in the vocabulary, by role. */
export function specialTokenNames(
  vocabulary: ReadonlyMap<string, number>,
  configs: readonly (JsonRecord | undefined)[],
): ReadonlyMap<keyof SpecialTokens, string> {
  const names = new Map<keyof SpecialTokens, string>();
  for (const { role, key, usual } of ROLES) {
    const configured = configs.map((config) => configuredName(config, key)).find((name) => name !== undefined);
    const name = (configured === undefined ? usual : [configured]).find((candidate) => vocabulary.has(candidate));
    if (name !== undefined) names.set(role, name);
  }
  return names;
}

/** Ids of the special tokens of a BERT-like model. Throws `InvalidInputError` listing all that are missing. */
export function specialTokenIds(
  vocabulary: ReadonlyMap<string, number>,
  configs: readonly (JsonRecord | undefined)[],
  folder: string,
): SpecialTokens {
  const names = specialTokenNames(vocabulary, configs);
  const missing = ROLES.filter(({ role }) => !names.has(role));
  if (missing.length > 0) {
    throw new InvalidInputError(
      `The tokenizer in ${folder} has no ${missing.map(({ key, usual }) => `${key} (${usual.join(" or ")})`).join(", no ")}. ` +
        "Name them in its tokenizer_config.json.",
    );
  }
  const id = (role: keyof SpecialTokens): number => vocabulary.get(names.get(role)!)!;
  return { cls: id("cls"), sep: id("sep"), pad: id("pad"), mask: id("mask"), unknown: id("unknown") };
}
