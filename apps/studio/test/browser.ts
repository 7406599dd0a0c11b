import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { CHROMIUM_FLAGS, chromiumPath } from "../../../internal/browser/chromium.ts";
import { writeTinyBert } from "../../../internal/tiny-models/tiny-bert.ts";
import { createStudioServer } from "../../cli/src/studio/server.ts";
import { STUDIO_PAGE } from "../src/index.ts";

/** Why pages are not opened; undefined where they can be. */
export const reasonToSkip: string | undefined =
  chromiumPath === undefined
    ? "No Chromium was found, so the studio is not opened in one. Install it, or name it in CHROMIUM."
    : undefined;
if (reasonToSkip !== undefined) console.warn(reasonToSkip);

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export interface OpenedPage {
  readonly page: Page;
  readonly address: string;
  /** Addresses asked for, by any part of the page. */
  readonly requests: readonly string[];
  /** What went wrong unseen. */
  readonly faults: readonly string[];
  /** Bytes that came so far. */
  bytes(): Promise<number>;
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blora-studio-page-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Serves the built page over a folder of runs, until the test is over. */
export async function servedStudio(runs: string): Promise<string> {
  if (!existsSync(join(STUDIO_PAGE, "index.html"))) throw new Error("apps/studio is not built: npm run build");
  const server = await createStudioServer({ page: STUDIO_PAGE, folders: [runs], interval: 100 });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}

/**
 * A host of files alone, which knows nothing of isolation; and of another origin a stand-in for the Hub, with one model,
 * `tiny/bert`, and the count of its requests.
 */
export async function plainHost(): Promise<{ readonly address: string; readonly asked: readonly string[] }> {
  const model = await temporaryFolder();
  writeTinyBert(model);
  const asked: string[] = [];
  const hub = await listening(async (path, response) => {
    asked.push(path);
    response.setHeader("Access-Control-Allow-Origin", "*");
    return readFile(join(model, /^\/tiny\/bert\/resolve\/main\/([\w.]+)$/.exec(path)?.[1] ?? "none"));
  });
  const address = await listening(async (path, response) => {
    const name = path === "/" ? "index.html" : path;
    response.setHeader("Content-Type", TYPES[extname(name)] ?? "application/octet-stream");
    const content = await readFile(join(STUDIO_PAGE, name));
    return name === "index.html" ? String(content).replace("https://huggingface.co", hub) : content;
  });
  return { address, asked };
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};

type Answer = (path: string, response: ServerResponse) => Promise<string | Uint8Array>;

/** The address of a server, which is ended with the test. What it cannot answer is not there. */
async function listening(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    answer(new URL(request.url!, "http://localhost").pathname, response).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}

export async function openedBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: chromiumPath!, args: [...CHROMIUM_FLAGS] });
  onTestFinished(() => browser.close());
  return browser;
}

export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const requests: string[] = [];
  const faults: string[] = [];
  const sizes: Promise<number>[] = [];
  context.on("request", (request) => requests.push(request.url()));
  context.on("response", (response) =>
    sizes.push(
      response.body().then(
        ({ length }) => length,
        () => 0,
      ),
    ),
  );
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(address);
  const bytes = async () => (await Promise.all(sizes)).reduce((total, length) => total + length, 0);
  return { page, address, requests, faults, bytes };
}

/** A narrow phone. */
const NARROW = 360;

/** Nothing of the page lies beside a phone's window, nor a chart of curves beside the page: maps and tables may scroll in their own box. */
export async function expectFits(page: Page): Promise<void> {
  const { width, height } = page.viewportSize()!;
  await page.setViewportSize({ width: NARROW, height });
  // Charts are drawn again for the room there is, after a pause.
  await expect
    .poll(() => page.evaluate(WIDER), { timeout: 10_000, message: `wider than a page of ${NARROW} pixels` })
    .toEqual([]);
  await page.setViewportSize({ width, height });
}

/** What is wider than what it lies in: the page, by its widest parts, and charts that are no maps. */
const WIDER = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const maps = ["rank", "bits", "gates-components"];
  const charts = [...document.querySelectorAll("main > :not([hidden]) figure, main > figure")].filter(
    ({ id, scrollWidth, clientWidth }) => scrollWidth > clientWidth && !maps.some((map) => id.startsWith("figure-" + map)),
  );
  const isClipped = (element) => element !== null && (getComputedStyle(element).overflowX !== "visible" || isClipped(element.parentElement));
  const parts = scrollWidth <= clientWidth ? [] : [...document.querySelectorAll("body *")].filter(
    (element) => element.getBoundingClientRect().right > clientWidth && !isClipped(element.parentElement),
  );
  return [...charts, ...parts].map((element) => element.tagName + "#" + element.id + "." + element.className)
    .concat(scrollWidth > clientWidth ? ["page: " + scrollWidth] : []);
})()`;

/** Nothing that axe finds against WCAG 2.2 AA and its best practices, light or dark; and the page fits a phone. */
export async function expectAccessible(page: Page): Promise<void> {
  await expectFits(page);
  // The page's own policy allows no script of others.
  await page.evaluate(readFileSync(AXE, "utf8"));
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const found = (await page.evaluate(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))",
    )) as string[];
    expect(found, colorScheme).toEqual([]);
  }
}
