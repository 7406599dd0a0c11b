import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { withHub } from "./hub-of-page.ts";
import { createRunCatalogue } from "./run-catalogue.ts";
import { sendRunEvents } from "./run-events.ts";
import { staticFiles } from "./static-files.ts";
import { readSweep } from "./sweep-results.ts";

export interface StudioOptions {
  /** Folder of the built page. */
  readonly page: string;
  /** Folders that are searched for runs and sweeps. */
  readonly folders: readonly string[];
  /** Names the page may be asked for by, beside those of this machine's loopback. */
  readonly hosts?: readonly string[];
  /** Address of a mirror of the Hub, for models that the page fetches; default the one the page names. */
  readonly hub?: string | undefined;
  /** Milliseconds between two looks at a run that is shown. */
  readonly interval?: number;
}

/** Hosts of models: the Hub's, and those it sends downloads to. */
const HUB_HOSTS: readonly string[] = ["https://huggingface.co", "https://*.huggingface.co", "https://*.hf.co"];

/** What a browser must grant the page, and nothing else: isolation for threads, scripts of its own, and hosts of models. */
const headersFor = (modelHosts: readonly string[]): Readonly<Record<string, string>> => ({
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": [
    "default-src 'self'",
    // ONNX Runtime compiles its module.
    "script-src 'self' 'wasm-unsafe-eval' blob:",
    "worker-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    `connect-src 'self' blob: ${modelHosts.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
});
const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
const INTERVAL = 1000;

/** Serves the page and the runs, for reading alone. */
export async function createStudioServer(options: StudioOptions): Promise<Server> {
  const { page, folders, hosts = [], hub, interval = INTERVAL } = options;
  const index = hub === undefined ? undefined : withHub(await readFile(join(page, "index.html"), "utf8"), hub);
  const files = await staticFiles(page, new Map(index === undefined ? [] : [["/index.html", index]]));
  // A mirror may send downloads to the Hub's own hosts.
  const headers = Object.entries(headersFor(hub === undefined ? HUB_HOSTS : [...HUB_HOSTS, new URL(hub).origin]));
  const catalogue = createRunCatalogue(folders);
  const allowed = new Set([...LOOPBACK, ...hosts]);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of headers) response.setHeader(name, value);
    // Pages of other hosts must not reach this one under a name of theirs that leads here.
    if (!allowed.has(hostOf(request))) return refuse(response, 403, "This server answers to localhost alone.");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return refuse(response, 405, "This server is for reading alone.");
    }
    const isHead = request.method === "HEAD";
    const path = pathOf(request);
    if (path === undefined) return refuse(response, 400, "The address cannot be read.");
    if (path === "/api/runs") return sendJson(response, await catalogue.list());
    const [, kind, id, rest] = /^\/api\/(runs|sweeps)\/([^/]+)(\/events)?$/.exec(path) ?? [];
    const name = id === undefined ? undefined : decoded(id);
    if (kind === "runs" && name !== undefined) {
      const folder = await catalogue.runFolder(name);
      if (folder === undefined) return refuse(response, 404, `There is no run ${name}.`);
      if (rest === undefined) return sendJson(response, await catalogue.readRun(folder));
      return isHead ? void response.end() : sendRunEvents(folder, response, catalogue, interval);
    }
    if (kind === "sweeps" && name !== undefined && rest === undefined) {
      const folder = await catalogue.sweepFolder(name);
      if (folder === undefined) return refuse(response, 404, `There is no sweep ${name}.`);
      return sendJson(response, await readSweep(folder));
    }
    if (await files.send(path, response, isHead)) return;
    refuse(response, 404, "There is nothing here.");
  };
  return createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      // The reader may have left, or a file have gone in the middle.
      if (response.headersSent) response.destroy();
      else refuse(response, 500, error.message);
    });
  });
}

/** Of the Host header, without port, in lower case. */
function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
}

/** Of the address, without query, as it was sent: nothing of it is resolved. */
function pathOf({ url = "" }: IncomingMessage): string | undefined {
  return url.startsWith("/") ? url.split(/[?#]/)[0] : undefined;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, value: object): void {
  response.setHeader("Content-Type", "application/json");
  response.setHeader("Cache-Control", "no-store");
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(`${message}\n`);
}
