import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { openCheckpoint } from "@blora/weights";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ResolveModelOptions, readModelConfig, resolveModel } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const COMMIT = "c".repeat(40);
const HEADER = Buffer.from('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
const WEIGHTS = Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(HEADER.length)).buffer), HEADER, Buffer.alloc(8)]);
const FILES: Readonly<Record<string, Buffer>> = {
  "config.json": Buffer.from('{"model_type":"tiny"}'),
  "model.safetensors": WEIGHTS,
  "pytorch_model.bin": Buffer.from("pickle"),
  "tokenizer.json": Buffer.from("{}"),
  "chat_template.jinja": Buffer.from("{{ messages }}"),
  "additional_chat_templates/tool_use.jinja": Buffer.from("{{ tools }}"),
  "generation_config.json": Buffer.from('{"eos_token_id":[0,257]}'),
  LICENSE: Buffer.from("free"),
  "README.md": Buffer.from("# tiny"),
};
const COMPANIONS = [
  "tokenizer.json",
  "chat_template.jinja",
  "additional_chat_templates/tool_use.jinja",
  "generation_config.json",
  "LICENSE",
];

interface FakeHub {
  readonly url: string;
  /** Paths of files that were served whole. */
  readonly served: string[];
  readonly tokens: (string | undefined)[];
  files: Readonly<Record<string, Buffer>>;
  commit: string;
  /** Status of every answer, where it is not the usual one. */
  status: number | undefined;
  /** What goes wrong with the content of files. */
  fault: "corrupt" | "cut" | undefined;
}

let server: Server;
let hub: FakeHub;
let cacheFolder: string;

/** Enough of the Hub's API for one repository, `org/tiny`. */
beforeEach(async () => {
  cacheFolder = temporaryFolder();
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    hub.tokens.push(request.headers.authorization);
    const json = (value: unknown) => response.setHeader("Content-Type", "application/json").end(JSON.stringify(value));
    if (hub.status !== undefined) return void response.writeHead(hub.status).end();
    if (pathname.startsWith("/api/models/org/tiny/revision/"))
      return void json({ _id: "1", id: "org/tiny", sha: hub.commit });
    if (pathname === `/api/models/org/tiny/tree/${hub.commit}`)
      return void json(Object.entries(hub.files).map(listing));
    const name = pathname.replace(`/org/tiny/resolve/${hub.commit}/`, "");
    const content = hub.files[name];
    if (content === undefined) return void response.writeHead(404).end();
    response.setHeader("ETag", '"x"');
    if (request.headers.range === "bytes=0-0") {
      response.writeHead(206, { "Content-Range": `bytes 0-0/${content.length}` });
      return void response.end(content.subarray(0, 1));
    }
    hub.served.push(name);
    if (hub.fault === "cut") {
      response.writeHead(200, { "Content-Length": content.length });
      return void response.write(content.subarray(0, 4), () => response.destroy());
    }
    response.end(hub.fault === "corrupt" ? Buffer.alloc(content.length, 9) : content);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  hub = { url, served: [], tokens: [], files: FILES, commit: COMMIT, status: undefined, fault: undefined };
});
afterEach(() => close());

function close(): Promise<void> {
  server.closeAllConnections();
  return new Promise((closed) => (server.listening ? server.close(() => closed()) : closed()));
}

const hash = (algorithm: string, content: Buffer): string => createHash(algorithm).update(content).digest("hex");

function listing([path, content]: [string, Buffer]) {
  const file = { type: "file", path, size: content.length, oid: hash("sha1", content) };
  const isLarge = /\.(safetensors|bin)$/.test(path);
  return isLarge ? { ...file, lfs: { oid: hash("sha256", content), size: content.length, pointerSize: 130 } } : file;
}

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

const RETRY = { attempts: 2, firstWaitMilliseconds: 0 };

/** Without the token of whoever runs the tests. */
const environment = (more: Record<string, string> = {}) => ({ HF_ENDPOINT: hub.url, HF_HOME: cacheFolder, ...more });

const resolveTiny = (options: ResolveModelOptions = {}) =>
  resolveModel("org/tiny", { cacheFolder, environment: environment(), retry: RETRY, ...options });

describe("resolveModel", () => {
  it("takes a folder that exists as it is, without any network", async () => {
    const model = join(temporaryFolder(), "model");
    mkdirSync(model);
    expect(await resolveModel(model, { hubUrl: "http://127.0.0.1:1" })).toBe(model);
  });

  it.each(["./none", "../x", "/none/x", "~/x", ".\\x"])("takes %s for a folder that is not there", async (path) => {
    await expect(resolveModel(path, { hubUrl: hub.url })).rejects.toThrow(`There is no folder ${path}`);
    expect(hub.tokens).toEqual([]);
  });

  it.each(["a/b/c", "a/..", "a..b/c", "org/na me", "org/", "-x/y", "https://x.y/z", "", "org/x?y"])(
    "refuses the name %s before it reaches the network",
    async (id) => {
      await expect(resolveModel(id, { hubUrl: hub.url })).rejects.toThrow(/a name of the Hub such as microsoft/);
      expect(hub.tokens).toEqual([]);
    },
  );

  it("downloads weights, configuration and tokenizer, and nothing else, once", async () => {
    const progress: string[] = [];
    const snapshot = await resolveTiny({
      onProgress: ({ file, bytes, total }) => progress.push(`${file} ${bytes}/${total}`),
    });
    expect(snapshot).toBe(join(cacheFolder, "models--org--tiny", "snapshots", COMMIT));
    expect(hub.served).toEqual([...COMPANIONS, "model.safetensors", "config.json"]);
    expect(progress.at(-2)).toBe(`model.safetensors ${WEIGHTS.length}/${WEIGHTS.length}`);
    const checkpoint = openCheckpoint(snapshot);
    expect(checkpoint.config).toEqual({ model_type: "tiny" });
    expect(checkpoint.read("w")).toEqual(new Float32Array(2));

    expect(await resolveTiny()).toBe(snapshot);
    expect(hub.served.length).toBe(COMPANIONS.length + 2);
  });

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

  it("may be asked for one model by several at once", async () => {
    const snapshots = await Promise.all([1, 2, 3].map(() => resolveTiny()));
    expect(new Set(snapshots).size).toBe(1);
    expect(openCheckpoint(snapshots[0]!).names).toEqual(["w"]);
    const kept = readdirSync(join(cacheFolder, "models--org--tiny"), { recursive: true }).map(String);
    expect(kept.filter((name) => name.endsWith(".incomplete"))).toEqual([]);
  });

  it("does not take names that lead out of the cache", async () => {
    hub.files = {
      ...FILES,
      "../../../tokenizer.json": Buffer.from("x"),
      "additional_chat_templates/../../x.jinja": Buffer.from("x"),
    };
    await resolveTiny();
    expect(hub.served.filter((name) => name.includes(".."))).toEqual([]);
  });

  it("downloads every shard of a sharded model", async () => {
    const index = Buffer.from(JSON.stringify({ weight_map: { w: "model-00001-of-00001.safetensors" } }));
    const { "config.json": config } = FILES;
    hub.files = {
      "config.json": config!,
      "model-00001-of-00001.safetensors": WEIGHTS,
      "model.safetensors.index.json": index,
    };
    expect(openCheckpoint(await resolveTiny()).names).toEqual(["w"]);
  });

  it("serves the cached copy offline, and without a connection", async () => {
    const snapshot = await resolveTiny();
    hub.tokens.length = 0;
    expect(await resolveTiny({ offline: true })).toBe(snapshot);
    expect(await resolveTiny({ environment: environment({ HF_HUB_OFFLINE: "1" }) })).toBe(snapshot);
    expect(await resolveTiny({ offline: true, revision: COMMIT })).toBe(snapshot);
    expect(hub.tokens).toEqual([]);
    await close();
    expect(await resolveTiny()).toBe(snapshot);
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

  it("says of a name that is nothing that there is no such folder either", async () => {
    hub.status = 404;
    await expect(resolveTiny()).rejects.toThrow(/has no model org\/tiny .* and there is no folder org\/tiny here/);
    hub.status = 401;
    await expect(resolveTiny()).rejects.toThrow(/There is no folder org\/tiny here either/);
    await expect(resolveTiny({ offline: true })).rejects.toThrow(/There is no folder org\/tiny here either/);
    await close();
    await expect(resolveTiny()).rejects.toThrow(/ECONNREFUSED.*There is no folder org\/tiny here either/);
  });

  it.each(["hub.org", "ftp://hub.org", "https://"])("refuses the address %s of a Hub", async (HF_ENDPOINT) => {
    await expect(resolveTiny({ environment: environment({ HF_ENDPOINT }) })).rejects.toThrow(
      "HF_ENDPOINT: expected an address such as https://huggingface.co",
    );
  });

  it("reaches a Hub whose address ends in a slash, at a revision with a slash", async () => {
    const snapshot = await resolveTiny({
      environment: environment({ HF_ENDPOINT: `${hub.url}//` }),
      revision: "refs/pr/1",
    });
    expect(await resolveTiny({ offline: true, revision: "refs/pr/1" })).toBe(snapshot);
  });

  it("sends the token and never shows it", async () => {
    await resolveTiny({ environment: environment({ HF_TOKEN: "hf_secret" }) });
    expect(new Set(hub.tokens)).toEqual(new Set(["Bearer hf_secret"]));
    const mistyped = resolveTiny({ token: "secret" });
    await expect(mistyped).rejects.toThrow('Expected a token that starts with "hf_"');
    await expect(mistyped).rejects.not.toThrow(/secret/);
  });

  it("explains an unknown model, a gated one, and a failing Hub", async () => {
    hub.status = 404;
    await expect(resolveTiny()).rejects.toThrow(NotFoundError);
    await expect(resolveTiny({ revision: "v9" })).rejects.toThrow(/has no model org\/tiny at revision v9/);
    hub.status = 401;
    await expect(resolveTiny()).rejects.toThrow(/gated, private or absent\. Set HF_TOKEN/);
    hub.status = 403;
    await expect(resolveTiny({ token: "hf_x" })).rejects.toThrow(/gated, private or absent\. Accept its terms/);
    hub.status = 503;
    await expect(resolveTiny()).rejects.toThrow(/answered 503 to a request for org\/tiny/);
  });

  it("downloads PyTorch's files of weights where there is nothing else, as deberta-v3-base has it", async () => {
    const text = (content: string) => Buffer.from(content);
    const others = {
      "tf_model.h5": text("h5"),
      "rust_model.ot": text("ot"),
      "pytorch_model.generator.bin": text("generator"),
    };
    const wanted = {
      "pytorch_model.bin": text("weights"),
      "spm.model": text("spm"),
      "config.json": FILES["config.json"]!,
    };
    hub.files = { ...others, ...wanted };
    expect(readdirSync(await resolveTiny()).sort()).toEqual(Object.keys(wanted).sort());
    expect(readdirSync(await resolveTiny({ offline: true })).sort()).toEqual(Object.keys(wanted).sort());
  });

  it("refuses a model that has only pickle files of other names before it downloads any", async () => {
    hub.files = { "config.json": FILES["config.json"]!, "model.ckpt": FILES["pytorch_model.bin"]! };
    await expect(resolveTiny()).rejects.toThrow(/org\/tiny holds its weights only as pickle files.*save_pretrained/);
    expect(hub.served).toEqual([]);
  });

  it.each([
    ["corrupt", /Download of model\.safetensors is damaged: its SHA-256 is not/],
    ["cut", /Cannot download org\/tiny from .*terminated/],
  ] as const)("keeps nothing of a download that is %s, and recovers", async (fault, message) => {
    hub.fault = fault;
    hub.files = { "config.json": FILES["config.json"]!, "model.safetensors": WEIGHTS };
    await expect(resolveTiny()).rejects.toThrow(message);
    await expect(resolveTiny({ offline: true })).rejects.toThrow(NotFoundError);
    hub.fault = undefined;
    expect(openCheckpoint(await resolveTiny()).names).toEqual(["w"]);
  });

  it.each(["../main", "a/../b", "", "/x"])("refuses the revision %s", async (revision) => {
    await expect(resolveTiny({ revision })).rejects.toThrow(InvalidInputError);
  });
});

describe("readModelConfig", () => {
  const read = (id: string, options: ResolveModelOptions = {}) =>
    readModelConfig(id, { cacheFolder, environment: environment(), retry: RETRY, ...options });

  it("reads only config.json of a model that is not here, and keeps nothing", async () => {
    expect(await read("org/tiny")).toEqual({ config: { model_type: "tiny" }, folder: undefined });
    expect(hub.served).toEqual(["config.json"]);
    await expect(read("org/tiny", { offline: true })).rejects.toThrow(/not in the cache/);
  });

  it("takes the cached model, and a folder, without any network", async () => {
    const snapshot = await resolveTiny();
    await close();
    expect(await read("org/tiny", { offline: true })).toEqual({ config: { model_type: "tiny" }, folder: snapshot });
    expect(await read(snapshot)).toEqual({ config: { model_type: "tiny" }, folder: snapshot });
  });

  it("says what is wrong with a model that has no configuration", async () => {
    hub.files = { "model.safetensors": WEIGHTS };
    await expect(read("org/tiny")).rejects.toThrow(/org\/tiny has no config\.json/);
    hub.files = { "config.json": Buffer.from("[1") };
    await expect(read("org/tiny")).rejects.toThrow(/config\.json of org\/tiny/);
  });
});
