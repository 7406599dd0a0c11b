import type { FileSlice } from "@blora/spec";
import { onTestFinished } from "vitest";

/** Somewhere bytes can lie. */
interface Place {
  readonly name: string;
  /** Puts `bytes` after `offset` bytes of something else, and before some more. */
  store(bytes: ArrayBufferView, offset: number): Promise<FileSlice | Uint8Array>;
}

const inMemory: Place = {
  name: "memory",
  store: async (bytes, offset) => surrounded(bytes, offset).subarray(offset, offset + bytes.byteLength),
};

const inFile: Place = {
  name: "files",
  async store(bytes, offset) {
    const [{ mkdtemp, rm, writeFile }, { tmpdir }, { join }] = await Promise.all([
      import("node:fs/promises"),
      import("node:os"),
      import("node:path"),
    ]);
    const folder = await mkdtemp(join(tmpdir(), "blora-engine-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "tensor.bin");
    await writeFile(path, surrounded(bytes, offset));
    return { path, offset, length: bytes.byteLength };
  },
};

const inBlob: Place = {
  name: "a file that is not on the disk",
  async store(bytes, offset) {
    const blob = new Blob([surrounded(bytes, offset)]);
    const read = async (from: number, length: number): Promise<Uint8Array> =>
      new Uint8Array(await blob.slice(from, from + length).arrayBuffer());
    return { path: "dropped.bin", offset, length: bytes.byteLength, read };
  },
};

/** Every place there is: a page has no files on a disk. */
export const PLACES: readonly Place[] = "process" in globalThis ? [inMemory, inBlob, inFile] : [inMemory, inBlob];

function surrounded({ buffer, byteOffset, byteLength }: ArrayBufferView, offset: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(offset + byteLength + 5).fill(0xa5);
  content.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
  return content;
}
