import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { CHROMIUM_FLAGS, chromiumPath } from "../../../internal/browser/chromium.ts";
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
  context.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(address);
  return { page, address, requests, faults };
}

/** Nothing that axe finds against WCAG 2.2 AA and its best practices. */
export async function expectAccessible(page: Page): Promise<void> {
  // The page's own policy allows no script of others.
  await page.evaluate(readFileSync(AXE, "utf8"));
  const found = (await page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))",
  )) as string[];
  expect(found).toEqual([]);
}
