import { sha256 as hashing } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { chunksOf, type RangedFile } from "../ranged-file.ts";

/** Texts are hashed as UTF-8, views by their bytes. */
export type Hashable = string | ArrayBufferView;

/** SHA-256 of one content, or of several one after the other, in hex: as in Node, where a page's own is a promise. */
export function sha256(content: Hashable | Iterable<Hashable>): string {
  const hash = hashing.create();
  const parts = typeof content === "string" || ArrayBuffer.isView(content) ? [content] : content;
  for (const part of parts) hash.update(bytesOf(part));
  return bytesToHex(hash.digest());
}

/** SHA-256 of a file that is read by ranges, in hex. */
export async function sha256OfFile(file: RangedFile): Promise<string> {
  const hash = hashing.create();
  for await (const chunk of chunksOf(file)) hash.update(chunk);
  return bytesToHex(hash.digest());
}

function bytesOf(part: Hashable): Uint8Array {
  if (typeof part === "string") return new TextEncoder().encode(part);
  return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
}
