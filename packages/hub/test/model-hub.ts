import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach } from "vitest";
import { type ResolveModelOptions, resolveModel } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const COMMIT: string = "c".repeat(40);
const HEADER = Buffer.from('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
export const WEIGHTS: Buffer = Buffer.concat([
  Buffer.from(BigUint64Array.of(BigInt(HEADER.length)).buffer),
  HEADER,
  Buffer.alloc(8),
]);
export const FILES: Readonly<Record<string, Buffer>> = {
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
export const COMPANIONS: readonly string[] = [
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
export let hub: FakeHub;
export let cacheFolder: string;

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
    const [, from = "0"] = /^bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
    const rest = content.subarray(Number(from));
    response.setHeader("Content-Length", rest.length);
    if (from !== "0")
      response.writeHead(206, { "Content-Range": `bytes ${from}-${content.length - 1}/${content.length}` });
    if (hub.fault === "cut") return void response.write(rest.subarray(0, 4), () => response.destroy());
    response.end(hub.fault === "corrupt" ? Buffer.alloc(rest.length, 9) : rest);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  hub = { url, served: [], tokens: [], files: FILES, commit: COMMIT, status: undefined, fault: undefined };
});
afterEach(() => close());

export function close(): Promise<void> {
  server.closeAllConnections();
  return new Promise((closed) => (server.listening ? server.close(() => closed()) : closed()));
}

export const hash = (algorithm: string, content: Buffer): string => createHash(algorithm).update(content).digest("hex");

function listing([path, content]: [string, Buffer]) {
  const file = { type: "file", path, size: content.length, oid: hash("sha1", content) };
  const isLarge = /\.(safetensors|bin)$/.test(path);
  return isLarge ? { ...file, lfs: { oid: hash("sha256", content), size: content.length, pointerSize: 130 } } : file;
}

export const RETRY = { attempts: 2, firstWaitMilliseconds: 0 };

/** Without the token of whoever runs the tests. */
export const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  HF_ENDPOINT: hub.url,
  HF_HOME: cacheFolder,
  ...more,
});

export const resolveTiny = (options: ResolveModelOptions = {}): Promise<string> =>
  resolveModel("org/tiny", { cacheFolder, environment: environment(), retry: RETRY, ...options });
