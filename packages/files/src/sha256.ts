import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Texts are hashed as UTF-8, views by their bytes. */
export type Hashable = string | NodeJS.ArrayBufferView;

/** SHA-256 of one content, or of several one after the other, in hex. */
export function sha256(content: Hashable | Iterable<Hashable>): string {
  const hash = createHash("sha256");
  const parts = typeof content === "string" || ArrayBuffer.isView(content) ? [content] : content;
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** SHA-256 of a file of any size, in hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
