/** A token found in the text itself, before the model sees it. Fields as in `tokenizer.json`. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Match in the normalized text rather than in the text as given. */
  readonly normalized: boolean;
  /** Take white space on the left, or right, along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Match whole words only. */
  readonly singleWord: boolean;
  /** Left out of decoded text. */
  readonly special: boolean;
}

/** Text between added tokens, or the id of one. */
export type Section = string | number;

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

function pattern({ content, lstrip, rstrip, singleWord }: AddedToken): string {
  const escaped = escapeRegExp(content);
  const word = singleWord ? `(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])` : escaped;
  return `${lstrip ? "\\s*" : ""}(${word})${rstrip ? "\\s*" : ""}`;
}

/** Makes a function that cuts a text at added tokens, leftmost first and the longest where several match. */
export function createSplitter(tokens: readonly AddedToken[]): (text: string) => Section[] {
  const ordered = tokens.filter(({ content }) => content !== "").sort((a, b) => b.content.length - a.content.length);
  if (ordered.length === 0) return (text) => [text];
  const ids = new Map(ordered.map(({ content, id }) => [content, id]));
  const expression = new RegExp(ordered.map(pattern).join("|"), "gu");
  return (text) => {
    const sections: Section[] = [];
    let start = 0;
    for (const match of text.matchAll(expression)) {
      if (match.index > start) sections.push(text.slice(start, match.index));
      sections.push(ids.get(match.slice(1).find((group) => group !== undefined)!)!);
      start = match.index + match[0].length;
    }
    if (start < text.length) sections.push(text.slice(start));
    return sections;
  };
}
