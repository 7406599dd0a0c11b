import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { CHROMIUM_FLAGS, chromiumPath } from "./chromium.ts";

export interface WorkerRun {
  /** A module that calls `answer`. */
  readonly entry: string;
  /** Told to the module in its address. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether the page is cross-origin isolated, as threads need. */
  readonly isolated: boolean;
  /** More files of the server, by the first part of their address. */
  readonly folders?: Readonly<Record<string, string>>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Bundles a module as a page would and runs it in a worker of one, in the system's Chromium. */
export async function runInWorkerOfPage<Answer>(run: WorkerRun): Promise<Answer> {
  const script = await bundle(run.entry);
  const server = await serve(run, script);
  const browser = await chromium.launch({ executablePath: chromiumPath!, args: [...CHROMIUM_FLAGS] });
  try {
    const page = await browser.newPage();
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://localhost:${port}/`);
    const address = `/worker.js?${new URLSearchParams(run.parameters)}`;
    return (await page.evaluate(answerOfWorker(address))) as Answer;
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

/** Runs in the page, as text: types here are those of Node. */
function answerOfWorker(address: string): string {
  return `new Promise((resolve, reject) => {
    const worker = new Worker(${JSON.stringify(address)}, { type: "module" });
    worker.onmessage = ({ data }) => ("answer" in data ? resolve(data.answer) : reject(new Error(data.error)));
    worker.onerror = ({ message, filename, lineno }) => reject(new Error(message + " " + filename + ":" + lineno));
  })`;
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2023",
    conditions: ["@blora/source", "onnxruntime-web-use-extern-wasm"],
    alias: { vitest: fileURLToPath(new URL("./vitest-in-page.ts", import.meta.url)) },
    // Behind a question that a page answers with no.
    external: ["node:fs/promises", "node:os", "node:path"],
    logLevel: "error",
  });
  return outputFiles[0]!.text;
}

/** The runtime's folder, found from the package that depends on it. */
function runtimeFolder(): string {
  const engine = new URL("../../packages/engine-onnx/package.json", import.meta.url);
  return dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/wasm", engine)));
}

async function serve({ isolated, folders = {} }: WorkerRun, script: string): Promise<Server> {
  const all: Readonly<Record<string, string>> = { ort: runtimeFolder(), ...folders };
  const contentOf = async (path: string): Promise<Uint8Array | string | undefined> => {
    if (path === "/") return "<!doctype html><title>a worker</title>";
    if (path === "/worker.js") return script;
    const [, folder = "", ...rest] = path.split("/");
    const file = all[folder] === undefined ? undefined : join(all[folder], ...rest);
    return file && readFile(file).catch(() => undefined);
  };
  const server = createServer(async ({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const content = await contentOf(pathname);
    const type = TYPES[pathname === "/" ? ".html" : extname(pathname)] ?? "application/octet-stream";
    response.writeHead(content === undefined ? 404 : 200, { "Content-Type": type, ...(isolated && ISOLATION) });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return server;
}
