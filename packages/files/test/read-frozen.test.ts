import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readFrozen } from "../src/read-frozen.ts";

let folder = "";
let file = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-frozen-"));
  file = join(folder, "weights.bin");
  await writeFile(file, new Uint8Array(20));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a file that is too short is named with both lengths", async () => {
  const source = { path: file, offset: 8, length: 16 };
  const reading = readFrozen("W", { shape: [2, 2], storage: "f32", source });
  await expect(reading).rejects.toThrow(InvalidInputError);
  await expect(reading).rejects.toThrow(`${file} ends at byte 20, expected at least 24 bytes`);
});

test("a slice whose length does not fit the shape names tensor, type and both lengths", async () => {
  const source = { path: file, offset: 0, length: 16 };
  await expect(readFrozen("W", { shape: [2, 2], storage: "bf16", source })).rejects.toThrow(
    `"W" of shape [2,2] and type bf16 needs 8 bytes, its place in ${file} has 16`,
  );
});

test("an array whose length does not fit the shape names both", async () => {
  await expect(readFrozen("W", { shape: [3], storage: "f32", source: new Float32Array(2) })).rejects.toThrow(
    `"W" of shape [3] needs 3 values, found 2`,
  );
});

test("a file that does not exist is not found", async () => {
  const source = { path: join(folder, "absent.bin"), offset: 0, length: 4 };
  const reading = readFrozen("W", { shape: [1], storage: "f32", source });
  await expect(reading).rejects.toThrow(NotFoundError);
  await expect(reading).rejects.toThrow(/"W".*absent\.bin/);
});
