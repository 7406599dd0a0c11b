import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tokenizer } from "@blora/spec";
import { loadTokenizer } from "../src/index.ts";

/** The tokenizer of a folder with these files: bytes and texts as they are, anything else as JSON. */
export async function tokenizerOf(files: Readonly<Record<string, unknown>>): Promise<Tokenizer> {
  const folder = await mkdtemp(join(tmpdir(), "blora-tokenizer-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      const isWritten = typeof content === "string" || content instanceof Uint8Array;
      await writeFile(join(folder, name), isWritten ? content : JSON.stringify(content));
    }
    return await loadTokenizer(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
