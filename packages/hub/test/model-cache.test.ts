import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { NotFoundError } from "@blora/spec";
import { openCheckpoint } from "@blora/weights";
import { describe, expect, it } from "vitest";
import { COMMIT, cacheFolder, close, environment, FILES, hash, hub, resolveTiny, WEIGHTS } from "./model-hub.ts";

/** Runs `body` where nobody may write to a folder. Modes of files do not bind root, so root runs it as nobody. */
async function withoutWriting(folder: string, body: () => Promise<void>): Promise<void> {
  const paths = [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))];
  const folders = paths.filter((path) => statSync(path).isDirectory());
  const isRoot = process.geteuid?.() === 0;
  for (const path of folders) chmodSync(path, 0o555);
  if (isRoot) process.seteuid!(65534);
  try {
    await body();
  } finally {
    if (isRoot) process.seteuid!(0);
    for (const path of folders) chmodSync(path, 0o755);
  }
}

describe("the cache of models", () => {
  it("lays the cache out as Hugging Face's own libraries do", async () => {
    const snapshot = await resolveTiny();
    const repository = join(cacheFolder, "models--org--tiny");
    expect(readlinkSync(join(snapshot, "model.safetensors"))).toBe(`../../blobs/${hash("sha256", WEIGHTS)}`);
    expect(readFileSync(join(repository, "refs", "main"), "utf8")).toBe(COMMIT);
  });

  it("downloads only what changed with a new commit", async () => {
    await resolveTiny();
    hub.served.length = 0;
    hub.commit = "d".repeat(40);
    hub.files = { ...FILES, "config.json": Buffer.from('{"model_type":"new"}') };
    expect(openCheckpoint(await resolveTiny()).config).toEqual({ model_type: "new" });
    expect(hub.served).toEqual(["config.json"]);
  });

  it("downloads again what is cut short in the cache, whatever cut it", async () => {
    const snapshot = await resolveTiny();
    const blob = join(snapshot, readlinkSync(join(snapshot, "model.safetensors")));
    truncateSync(blob, 5);
    hub.served.length = 0;
    expect(openCheckpoint(await resolveTiny()).names).toEqual(["w"]);
    expect([hub.served, readFileSync(blob)]).toEqual([["model.safetensors"], WEIGHTS]);
  });

  it("says offline that a file beside the weights is not there any more", async () => {
    const snapshot = await resolveTiny();
    rmSync(join(snapshot, readlinkSync(join(snapshot, "tokenizer.json"))));
    await expect(resolveTiny({ offline: true })).rejects.toThrow(
      "The cached copy of org/tiny at revision main is not complete: it lacks tokenizer.json. Offline mode forbids",
    );
  });

  it("may be asked for one model by several at once", async () => {
    const snapshots = await Promise.all([1, 2, 3].map(() => resolveTiny()));
    expect(new Set(snapshots).size).toBe(1);
    expect(openCheckpoint(snapshots[0]!).names).toEqual(["w"]);
    const kept = readdirSync(join(cacheFolder, "models--org--tiny"), { recursive: true }).map(String);
    expect(kept.filter((name) => name.endsWith(".incomplete"))).toEqual([]);
  });

  it("serves the cached copy offline, and without a connection", async () => {
    const snapshot = await resolveTiny();
    hub.tokens.length = 0;
    expect(await resolveTiny({ offline: true })).toBe(snapshot);
    expect(await resolveTiny({ environment: environment({ HF_HUB_OFFLINE: "1" }) })).toBe(snapshot);
    expect(await resolveTiny({ offline: true, revision: COMMIT })).toBe(snapshot);
    expect(hub.tokens).toEqual([]);
    const notes: string[] = [];
    const onNote = (note: string) => void notes.push(note);
    hub.status = 503;
    expect(await resolveTiny({ onNote })).toBe(snapshot);
    hub.status = undefined;
    expect(await resolveTiny({ onNote })).toBe(snapshot);
    await close();
    expect(await resolveTiny({ onNote })).toBe(snapshot);
    const note = "The Hub does not answer: the cached copy of org/tiny at revision main is used.";
    expect(notes).toEqual([note, note]);
  });

  it("says offline what is not cached, and online what cannot be reached", async () => {
    await expect(resolveTiny({ offline: true })).rejects.toThrow(
      /org\/tiny at revision main is not in the cache, and offline mode/,
    );
    await close();
    await expect(resolveTiny()).rejects.toThrow(/Cannot download org\/tiny from http:.*fetch failed: .*ECONNREFUSED/);
  });

  it("serves a cached copy that nobody may write", async () => {
    const snapshot = await resolveTiny();
    const repository = join(cacheFolder, "models--org--tiny");
    await withoutWriting(cacheFolder, async () => {
      expect(await resolveTiny()).toBe(snapshot);
      // The revision cannot be noted, and need not be.
      expect(await resolveTiny({ revision: "v1" })).toBe(snapshot);
      hub.commit = "d".repeat(40);
      hub.files = { ...FILES, "config.json": Buffer.from('{"model_type":"new"}') };
      await expect(resolveTiny()).rejects.toThrow(/cannot be written\. Set HF_HUB_CACHE to a folder that can/);
    });
    expect(readdirSync(join(repository, "refs"))).toEqual(["main"]);
  });

  it("calls a cached copy incomplete that another tool left so, and completes it", async () => {
    const repository = join(cacheFolder, "models--org--tiny");
    mkdirSync(join(repository, "refs"), { recursive: true });
    mkdirSync(join(repository, "snapshots", COMMIT), { recursive: true });
    writeFileSync(join(repository, "refs", "main"), COMMIT);
    writeFileSync(join(repository, "snapshots", COMMIT, "config.json"), FILES["config.json"]!);
    const partial = /The cached copy of org\/tiny at revision main is not complete: it lacks model\.safetensors/;
    await expect(resolveTiny({ offline: true })).rejects.toThrow(partial);
    await expect(resolveTiny({ environment: environment({ HF_ENDPOINT: "http://127.0.0.1:1" }) })).rejects.toThrow(
      partial,
    );
    writeFileSync(
      join(repository, "snapshots", COMMIT, "model.safetensors.index.json"),
      '{"weight_map":{"v":"a.safetensors","w":"b.safetensors"}}',
    );
    await expect(resolveTiny({ offline: true })).rejects.toThrow(/it lacks a\.safetensors, b\.safetensors\. Offline/);
    const snapshot = await resolveTiny();
    expect(await resolveTiny({ offline: true })).toBe(snapshot);
  });

  it.each([
    ["corrupt", /Download of model\.safetensors is damaged: its SHA-256 is not/],
    ["cut", /Cannot download org\/tiny from .*terminated/],
  ] as const)("serves nothing of a download that is %s, and recovers", async (fault, message) => {
    hub.fault = fault;
    hub.files = { "config.json": FILES["config.json"]!, "model.safetensors": WEIGHTS };
    await expect(resolveTiny()).rejects.toThrow(message);
    await expect(resolveTiny({ offline: true })).rejects.toThrow(NotFoundError);
    hub.fault = undefined;
    expect(openCheckpoint(await resolveTiny()).names).toEqual(["w"]);
  });
});
