import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writeMergeRecord } from "@blora/adapters";
import { checkpointSha256, openCheckpoint, writeSafetensors } from "@blora/weights";
import { afterAll, describe, expect, test } from "vitest";
import { baseModelOf, requireBaseModel, requireSameBase } from "../src/index.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "blora-base-")));
afterAll(() => rmSync(root, { recursive: true }));

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const SHA = "a".repeat(64);

let folders = 0;
function folderWith(file: string, content: object): string {
  const folder = join(root, `adapter-${folders++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, file), JSON.stringify(content));
  return folder;
}

const ours = (base: object): string =>
  folderWith("blora_config.json", {
    formatVersion: 3,
    task: "letters",
    head: { kind: "language-model" },
    method: {},
    maxSeqLength: 8,
    ranks: {},
    bits: {},
    bops: { scope: "adapter", unit: "bit operations", macs: 0, bitOperations: 0, baseline: 0, ratio: 0 },
    ledger: [],
    state: { layouts: {}, parameters: [] },
    ...base,
  });
const peft = (base: object): string => folderWith("adapter_config.json", { peft_type: "LORA", ...base });

describe("the base model of an adapter", () => {
  test("is a Hub model at its commit, or a folder by its whole path and its content", async () => {
    expect(await baseModelOf(ours({ baseModel: "org/base", baseRevision: COMMIT, baseSha256: SHA }))).toEqual({
      model: "org/base",
      revision: COMMIT,
      sha256: SHA,
    });
    expect(await baseModelOf(ours({ baseModel: "/models/mine", baseSha256: SHA }))).toEqual({
      model: "/models/mine",
      sha256: SHA,
    });
  });

  test("is never taken for one of the Hub where an older adapter names a folder from where it was trained", async () => {
    const adapter = ours({ baseModel: "models/mine" });
    expect(await baseModelOf(adapter)).toEqual({ model: resolve("models/mine") });
    mkdirSync(join(adapter, "models", "mine"), { recursive: true });
    expect(await baseModelOf(adapter)).toEqual({ model: join(adapter, "models", "mine") });
  });

  test("of PEFT's is at its revision, or the folder that lies beside it", async () => {
    const adapter = peft({ base_model_name_or_path: "models/mine", revision: "v2" });
    expect(await baseModelOf(adapter)).toEqual({ model: "models/mine", revision: "v2" });
    mkdirSync(join(adapter, "models", "mine"), { recursive: true });
    expect(await baseModelOf(adapter)).toEqual({ model: join(adapter, "models", "mine") });
    expect(await baseModelOf(peft({}))).toBeUndefined();
  });

  test("is asked for where none is named, or its folder is gone", () => {
    expect(() => requireBaseModel(undefined, "a")).toThrow(
      "a: expected the name of a base model, found none. Give one.",
    );
    expect(() => requireBaseModel({ model: join(root, "gone") }, "a")).toThrow(
      `a: expected its base model in the folder ${join(root, "gone")}, where it was trained, found no such folder. Give its place.`,
    );
    expect(requireBaseModel({ model: "org/base" }, "a")).toEqual({ model: "org/base" });
  });

  test("is refused where a folder holds other weights than were trained on", async () => {
    const folder = join(root, "model");
    mkdirSync(folder);
    writeFileSync(join(folder, "config.json"), "{}");
    const write = (value: number): void =>
      writeSafetensors(
        join(folder, "model.safetensors"),
        new Map([["w", { shape: [1], values: Float32Array.of(value) }]]),
      );
    write(1);
    const sha256 = await checkpointSha256(openCheckpoint(folder));
    await requireSameBase({ model: folder, sha256 }, openCheckpoint(folder), "a");
    write(2);
    await expect(requireSameBase({ model: folder, sha256 }, openCheckpoint(folder), "a")).rejects.toThrow(
      `a: expected the base model it was trained on in ${folder}, found other weights or another config.json.`,
    );
    await requireSameBase({ model: folder }, openCheckpoint(folder), "a");

    const ofHub = { model: "org/base", revision: COMMIT, sha256 };
    await expect(requireSameBase(ofHub, openCheckpoint(folder), "a")).rejects.toThrow(
      "a: expected the base model it was trained on in org/base, found other weights",
    );
    const snapshot = join(root, COMMIT);
    cpSync(folder, snapshot, { recursive: true });
    await requireSameBase(ofHub, openCheckpoint(snapshot), "a");
    write(1);
    await requireSameBase(ofHub, openCheckpoint(folder), "a");

    const adapter = peft({});
    writeFileSync(join(adapter, "adapter_model.safetensors"), "tensors");
    await requireSameBase({ model: folder }, openCheckpoint(folder), adapter);
    await writeMergeRecord(folder, adapter, { texts: 1, largestDifference: 0, largestLogit: 1 });
    await expect(requireSameBase({ model: folder }, openCheckpoint(folder), adapter)).rejects.toThrow(
      `${adapter}: expected a base model without this adapter, found ${folder}, which it is merged into.`,
    );
  });
});
