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

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A text as UTF-8. */
export function bytesOfText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The way back; what is not UTF-8 becomes U+FFFD. */
export function textOfBytes(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let next = 0;
  for (const part of parts) {
    joined.set(part, next);
    next += part.length;
  }
  return joined;
}
