/** Bytes of the UTF-8 character that starts with `lead`. */
export function characterLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** A text without halves of characters, which no vocabulary has: each becomes U+FFFD, as where UTF-8 is written. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
