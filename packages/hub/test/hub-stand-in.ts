import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the stand-in does instead of answering a request as the Hub would: a status, no answer, or half of a file. */
export type Fault = number | "cut" | "half";

/** What a branch stands for now. */
export interface Revision {
  readonly commit: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

/** A server that speaks the part of the Hub's HTTP interface that publishing and downloading use. */
export interface HubStandIn {
  readonly url: string;
  /** Requests as `METHOD path`, in order. */
  readonly requests: string[];
  /** What requests to make a repository asked it to be: `private`, or nothing. */
  readonly visibilities: (string | undefined)[];
  /** Objects of large files, by SHA-256. */
  readonly objects: Map<string, Buffer>;
  /** Committed files, by path: those of every revision but the ones below. */
  readonly committed: Map<string, Buffer>;
  /** Revisions with files of their own, or null for one that is not there. */
  readonly revisions: Map<string, Revision | null>;
  /** Byte ranges of files that were asked for, besides the first byte. */
  readonly ranges: string[];
  /** What to do to the next requests whose path contains a key, one entry each. */
  readonly faults: Map<string, Fault[]>;
  /** Where requests for a file of a name are sent instead. */
  readonly redirects: Map<string, string>;
  /** What `Retry-After` says of a 429. */
  retryAfter: string;
  /** The date it answers at; the machine's where undefined. */
  date?: string;
  close(): Promise<void>;
}

const COMMIT = "0".repeat(40);

export async function startHub(token: string): Promise<HubStandIn> {
  const requests: string[] = [];
  const visibilities: (string | undefined)[] = [];
  const objects = new Map<string, Buffer>();
  const committed = new Map<string, Buffer>();
  const faults = new Map<string, Fault[]>();
  const ranges: string[] = [];
  const redirects = new Map<string, string>();
  const revisions = new Map<string, Revision | null>();
  let repository: string | undefined;

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const path = request.url!;
      requests.push(`${request.method} ${path}`);
      const queue = [...faults].find(([part]) => path.includes(part))?.[1] ?? [];
      // The first request for a file asks for its size alone.
      const hasHalf = request.headers.range !== "bytes=0-0";
      const fault = queue[0] === "half" && !hasHalf ? undefined : queue.shift();
      if (fault === "cut") return request.socket.destroy();
      if (hub.date !== undefined) response.setHeader("Date", hub.date);
      if (fault === 429) response.setHeader("Retry-After", hub.retryAfter);
      if (typeof fault === "number")
        return json(response, fault, { error: `told to answer ${fault} to ${request.headers.authorization}` });
      if (!path.startsWith("/objects/") && request.headers.authorization !== `Bearer ${token}`)
        return json(response, 401, { error: "who?" });
      if (request.method === "GET") serve(path, request, response, fault === "half");
      else answer(path, body, response);
    });
  });

  function serve(path: string, { headers }: IncomingMessage, response: ServerResponse, isHalf: boolean) {
    const { pathname } = new URL(path, "http://localhost");
    if (pathname === `/api/models/${repository}`) return json(response, 200, { _id: "1", id: repository });
    const asked = revisionIn(pathname);
    if (asked === null) return json(response, 404, { error: "no such revision" });
    if (pathname.includes("/revision/")) return json(response, 200, { _id: "1", id: repository, sha: asked.commit });
    if (pathname.includes("/tree/")) return json(response, 200, [...asked.files].map(listing));
    const elsewhere = redirects.get(pathname.split("/").at(-1)!);
    if (elsewhere !== undefined) return void response.writeHead(302, { Location: elsewhere }).end();
    const content = asked.files.get(/\/resolve\/[^/]+\/(.+)$/.exec(pathname)?.[1] ?? "");
    if (content === undefined) return json(response, 404, { error: "no such file" });
    response.setHeader("ETag", '"x"');
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const part = first === undefined ? content : content.subarray(Number(first), Number(last) + 1);
    response.setHeader("Content-Length", part.length);
    if (first !== undefined) response.writeHead(206, { "Content-Range": `bytes ${first}-${last}/${content.length}` });
    if (headers.range !== undefined && headers.range !== "bytes=0-0") ranges.push(headers.range);
    if (!isHalf) return response.end(part);
    response.write(part.subarray(0, part.length / 2), () => response.destroy());
  }

  /** The revision that is asked for, by its name or its commit. */
  function revisionIn(path: string): Revision | null {
    const name = decodeURIComponent(/\/(?:revision|tree|resolve)\/([^/]+)/.exec(path)?.[1] ?? "");
    const found = revisions.get(name) ?? [...revisions.values()].find((revision) => revision?.commit === name);
    if (found !== undefined && found !== null) return found;
    return revisions.has(name) ? null : { commit: COMMIT, files: committed };
  }

  function answer(path: string, body: Buffer, response: ServerResponse) {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    if (path === "/api/repos/create") {
      const { organization, name, ...rest } = JSON.parse(String(body)) as Record<string, string>;
      visibilities.push(rest.visibility ?? (rest.private === undefined ? undefined : "private"));
      if (repository !== undefined) return json(response, 409, { error: "exists" });
      repository = `${organization}/${name}`;
      return json(response, 200, { url: `${base}/${repository}`, id: repository });
    }
    if (path.includes("/preupload/")) {
      const { files } = JSON.parse(String(body)) as { files: { path: string }[] };
      const modes = files.map((file) => ({
        path: file.path,
        uploadMode: file.path.endsWith(".safetensors") ? "lfs" : "regular",
        shouldIgnore: false,
      }));
      return json(response, 200, { files: modes });
    }
    if (path.endsWith("/info/lfs/objects/batch")) {
      const wanted = (JSON.parse(String(body)) as { objects: { oid: string; size: number }[] }).objects;
      const listed = wanted.map(({ oid, size }) => ({
        oid,
        size,
        ...(objects.has(oid) ? {} : { actions: { upload: { href: `${base}/objects/${oid}` } } }),
      }));
      return json(response, 200, { transfer: "basic", objects: listed });
    }
    if (path.startsWith("/objects/")) {
      const oid = path.slice("/objects/".length);
      if (createHash("sha256").update(body).digest("hex") !== oid) return json(response, 400, { error: "damaged" });
      objects.set(oid, body);
      return json(response, 200, {});
    }
    for (const line of String(body).split("\n").filter(Boolean)) {
      const { key, value } = JSON.parse(line) as {
        key: string;
        value: { path: string; content?: string; oid?: string };
      };
      if (key === "file") committed.set(value.path, Buffer.from(value.content!, "base64"));
      if (key === "lfsFile") committed.set(value.path, objects.get(value.oid!)!);
    }
    json(response, 200, { commitOid: COMMIT, commitUrl: `${base}/${repository}/commit/0`, hookOutput: "" });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const hub: HubStandIn = {
    url: `http://127.0.0.1:${port}`,
    requests,
    visibilities,
    objects,
    committed,
    revisions,
    faults,
    ranges,
    redirects,
    retryAfter: "7",
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return hub;
}

function listing([path, content]: [string, Buffer]): object {
  const hash = (algorithm: string): string => createHash(algorithm).update(content).digest("hex");
  const file = { type: "file", path, size: content.length, oid: hash("sha1") };
  return /\.(?:safetensors|parquet)$/.test(path)
    ? { ...file, lfs: { oid: hash("sha256"), size: content.length } }
    : file;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}
