import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NotFoundError } from "@blora/spec";
import { beforeEach, expect, test } from "vitest";
import { isMergedInto, readMergeRecord, writeMergeRecord } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const error = { texts: 6, largestDifference: 1.25e-6, largestLogit: 3.5 };
let adapter: string;
let merged: string;

beforeEach(async () => {
  const folder = temporaryFolder();
  adapter = join(folder, "adapter");
  merged = join(folder, "merged");
  await Promise.all([mkdir(adapter), mkdir(merged)]);
  await writeFile(join(adapter, "adapter_model.safetensors"), "tensors");
});

test("what was measured is read of the adapter that is in it", async () => {
  await writeMergeRecord(merged, adapter, error);
  expect(await readMergeRecord(merged, adapter)).toEqual(error);
  await writeFile(join(adapter, "adapter_model.safetensors"), "trained on");
  await expect(readMergeRecord(merged, adapter)).rejects.toThrow("found one of another adapter.");
});

test("a folder that the adapter is merged into is known, and no other", async () => {
  expect(await isMergedInto(merged, adapter)).toBe(false);
  await writeMergeRecord(merged, adapter, error);
  expect(await isMergedInto(merged, adapter)).toBe(true);
  expect(await isMergedInto(merged, join(adapter, "absent"))).toBe(false);
  await writeFile(join(adapter, "adapter_model.safetensors"), "trained on");
  expect(await isMergedInto(merged, adapter)).toBe(false);
});

test("a folder that no merge wrote is named", async () => {
  await expect(readMergeRecord(merged, adapter)).rejects.toThrow(
    new NotFoundError(`${merged}: expected a folder that blora merge wrote, with its blora_merge.json, found none.`),
  );
});
