import { createCipheriv, createHash } from "node:crypto";
import { type ArtefactStore, InvalidInputError, NotFoundError } from "@blora/spec";
import { describe, expect, test } from "vitest";

export interface StoreKitOptions {
  /** Bytes of a file that the store writes in several pieces, where there is such a size. Default 2^20. */
  readonly largeBytes?: number;
}

const RIVALS = 12;
const ENCODER = new TextEncoder();

/**
 * Registers the laws every store keeps. Call it at the top level of a test file.
 *
 * @param open a store over the same place every time, empty at first: what one wrote another reads
 */
export function testArtefactStore(open: () => ArtefactStore, { largeBytes = 2 ** 20 }: StoreKitOptions = {}): void {
  describe("store laws", () => {
    test.each([0, 1, 65_537, largeBytes])(
      "a file of %i bytes is read as it was written, by any other too",
      async (size) => {
        const content = randomBytes(size, size);
        await open().put("read/back.bin", inChunks(content), sha256(content));
        expect(sha256(await read(open(), "read/back.bin"))).toBe(sha256(content));
      },
    );

    test("a file is replaced as a whole: who reads meanwhile gets one or the other", async () => {
      const contents = [randomBytes(300_000, 1), randomBytes(200_000, 2)];
      const known = contents.map(sha256);
      await put(open(), "replaced", contents[0]!);
      const writing = (async () => {
        for (let round = 1; round <= 8; round++) await put(open(), "replaced", contents[round % 2]!);
      })();
      for (let round = 0; round < 8; round++) expect(known).toContain(sha256(await read(open(), "replaced")));
      await writing;
      expect(sha256(await read(open(), "replaced"))).toBe(known[0]);
    });

    test("content that is not that of its digest is refused, and what was there stays", async () => {
      const earlier = randomBytes(1000, 3);
      await put(open(), "digest/earlier", earlier);
      for (const key of ["digest/earlier", "digest/new"]) {
        const refused = open().put(key, inChunks(randomBytes(largeBytes, 4)), sha256(earlier));
        await expect(refused).rejects.toSatisfy(InvalidInputError.isInstance);
      }
      expect(await keysOf(open(), "digest/")).toEqual(["digest/earlier"]);
      expect(sha256(await read(open(), "digest/earlier"))).toBe(sha256(earlier));
    });

    test("a file whose writing breaks off is not there, and what was there stays", async () => {
      const earlier = randomBytes(1000, 5);
      await put(open(), "broken/earlier", earlier);
      for (const key of ["broken/earlier", "broken/new"]) {
        await expect(open().put(key, breakingOff(largeBytes), sha256(earlier))).rejects.toThrow(
          "the disk was pulled out",
        );
      }
      expect(await keysOf(open(), "broken/")).toEqual(["broken/earlier"]);
      expect(sha256(await read(open(), "broken/earlier"))).toBe(sha256(earlier));
    });

    test("a file that is not there is not found", async () => {
      await expect(read(open(), "absent/file")).rejects.toSatisfy(NotFoundError.isInstance);
      await expect(read(open(), "absent/file")).rejects.toThrow("absent/file");
      expect(await keysOf(open(), "absent/")).toEqual([]);
    });

    test("files are listed by the beginning of their keys, in order, with their bytes", async () => {
      const keys = ["list/a-1/x", "list/a.json", "list/a/b/c", "list/a/b.json", "list/b", "list/ab"];
      for (const key of keys) await put(open(), key, ENCODER.encode(key));
      expect(await keysOf(open(), "list/")).toEqual([...keys].sort());
      expect(await keysOf(open(), "list/a")).toEqual(keys.filter((key) => key.startsWith("list/a")).sort());
      expect(await keysOf(open(), "list/a/")).toEqual(["list/a/b.json", "list/a/b/c"]);
      expect(await keysOf(open(), "list/a/b.json")).toEqual(["list/a/b.json"]);
      for await (const { key, bytes } of open().list("list/")) expect(bytes).toBe(key.length);
    });

    test("of several that write where nothing is one gets true, and its content is there", async () => {
      for (let round = 0; round < 3; round++) {
        const bodies = Array.from({ length: RIVALS }, (_, rival) => ENCODER.encode(`of rival ${rival} in ${round}`));
        const won = await Promise.all(bodies.map((body) => open().putIfAbsent(`first/${round}`, body)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await read(open(), `first/${round}`)).toEqual(Buffer.from(bodies[won.indexOf(true)]!));
        expect(await open().putIfAbsent(`first/${round}`, bodies[0]!)).toBe(false);
      }
    });

    test("nobody is first where a file was put, and somebody is again where it was removed", async () => {
      const body = ENCODER.encode("{}");
      await put(open(), "again/file", body);
      expect(await open().putIfAbsent("again/file", body)).toBe(false);
      await open().remove("again/file");
      expect(await keysOf(open(), "again/")).toEqual([]);
      expect(await open().putIfAbsent("again/file", body)).toBe(true);
    });

    test("what is removed is gone, and removing it again is no error", async () => {
      await put(open(), "removed/file", ENCODER.encode("x"));
      await open().remove("removed/file");
      await open().remove("removed/file");
      await expect(read(open(), "removed/file")).rejects.toSatisfy(NotFoundError.isInstance);
    });

    test.each([
      "",
      "/",
      "a//b",
      "../outside",
      "a/../b",
      "/etc/passwd",
      "a/",
      "a b",
      "é",
      ".hidden",
      "a/.partial-x",
      "a\\b",
      "a?b",
      "a%2fb",
    ])("the key %j is refused by everything that takes one", async (key) => {
      const body = ENCODER.encode("x");
      const store = open();
      for (const act of [put(store, key, body), read(store, key), store.putIfAbsent(key, body), store.remove(key)]) {
        await expect(act).rejects.toSatisfy(InvalidInputError.isInstance);
      }
    });
  });
}

function put(store: ArtefactStore, key: string, content: Uint8Array): Promise<void> {
  return store.put(key, inChunks(content), sha256(content));
}

async function read(store: ArtefactStore, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function keysOf(store: ArtefactStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

async function* inChunks(content: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let start = 0; start < content.length; start += 50_000) yield content.subarray(start, start + 50_000);
}

async function* breakingOff(bytes: number): AsyncGenerator<Uint8Array, void> {
  yield* inChunks(randomBytes(bytes, 6));
  throw new Error("the disk was pulled out");
}

/** The same bytes for the same seed. */
function randomBytes(size: number, seed: number): Uint8Array {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(size));
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
