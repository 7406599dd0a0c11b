import type { JsonRecord } from "@blora/spec";

/** Planes of Chinese characters as the Rust library lists them: its fifth range begins late, and words there stay whole. */
const CHINESE =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

/** The `BertNormalizer` of a `tokenizer.json` (Devlin et al., 2019, as the Rust library runs it). */
export function createBertNormalizer(settings: JsonRecord): (text: string) => string {
  const { clean_text: cleans = true, handle_chinese_chars: parts = true, lowercase: lowers = true } = settings;
  const strips = settings.strip_accents ?? lowers;
  return (text) => {
    let normal = text;
    if (cleans)
      normal = normal.replace(/(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\ufffd]/gu, "").replace(/\p{White_Space}/gu, " ");
    if (parts) normal = normal.replace(CHINESE, " $& ");
    if (strips) normal = normal.normalize("NFD").replace(/\p{Mn}/gu, "");
    return lowers ? lowerCase(normal) : normal;
  };
}

/** Lower case of each character alone: JavaScript alone knows the final sigma of a word. */
export function lowerCase(text: string): string {
  return text.replaceAll("\u03a3", "\u03c3").toLowerCase();
}
