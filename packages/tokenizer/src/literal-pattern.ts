/** A regular expression that matches a text alone. With the flag `u` no other character may be escaped. */
export function literalPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
