import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chunksOf, type RangedFile } from "./ranged-file.ts";

/** Texts are hashed as UTF-8, views by their bytes. */
export type Hashable = string | ArrayBufferView;

/** SHA-256 of one content, or of several one after the other, in hex. */
export function sha256(content: Hashable | Iterable<Hashable>): string {
  const hash = createHash("sha256");
  const parts = typeof content === "string" || ArrayBuffer.isView(content) ? [content] : content;
  for (const part of parts) hash.update(typeof part === "string" ? part : bytesOf(part));
  return hash.digest("hex");
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** SHA-256 of a file of any size, in hex: at a path, or one that is read by ranges. */
export async function sha256OfFile(file: string | RangedFile): Promise<string> {
  const hash = createHash("sha256");
  const chunks: AsyncIterable<Uint8Array> = typeof file === "string" ? createReadStream(file) : chunksOf(file);
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}
