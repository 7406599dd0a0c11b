import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { openStore } from "@blora/artefacts";
import { sha256 } from "@blora/files";
import type { ArtefactStore } from "@blora/spec";

export interface StoreCosts {
  /** Of a large file, one after the other; on disk when it counts. */
  readonly putBytesPerSecond: number;
  readonly getBytesPerSecond: number;
  /** Of a small record that is written once. */
  readonly recordSeconds: number;
}

const FILES = 16;
const FILE_BYTES = 4 * 2 ** 20;
const RECORDS = 200;

/** @param folder in which one is made, and removed */
export async function fileStoreCosts(folder: string): Promise<StoreCosts> {
  const own = await mkdtemp(join(folder, "store-costs-"));
  try {
    return await storeCosts(openStore(`file:${own}`));
  } finally {
    await rm(own, { recursive: true });
  }
}

async function storeCosts(store: ArtefactStore): Promise<StoreCosts> {
  const body = randomBytes(FILE_BYTES);
  const digest = sha256(body);
  const put = await secondsOf(FILES, (index) => store.put(`files/${index}`, oneChunk(body), digest));
  const get = await secondsOf(FILES, async (index) => {
    for await (const _ of store.get(`files/${index}`));
  });
  const record = randomBytes(1024);
  const recordSeconds = await secondsOf(RECORDS, (index) => store.putIfAbsent(`records/${index}`, record));
  return { putBytesPerSecond: FILE_BYTES / put, getBytesPerSecond: FILE_BYTES / get, recordSeconds };
}

async function secondsOf(times: number, act: (index: number) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  for (let index = 0; index < times; index++) await act(index);
  return (performance.now() - began) / 1000 / times;
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
