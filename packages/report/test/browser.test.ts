import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readRun } from "@blora/runs";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { reportHtml } from "../src/index.ts";
import { KINDS, LAYERS, writeSampleRun } from "./sample-run.ts";

const executablePath = [
  process.env.CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== "" && existsSync(path));

if (executablePath === undefined) {
  console.warn("No Chromium was found, so the page is not opened in one. Install it, or name it in CHROMIUM.");
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

test.skipIf(executablePath === undefined).each(["light", "dark"] as const)(
  "Chromium shows every figure in %s, asks for nothing else and reports no fault",
  async (colorScheme) => {
    const folder = await mkdtemp(join(tmpdir(), "blora-page-"));
    const browser = await chromium.launch({ executablePath: executablePath!, args: FLAGS });
    try {
      await writeSampleRun(folder);
      const file = join(folder, "report.html");
      await writeFile(file, await reportHtml(await readRun(folder)));
      const page = await browser.newPage({ colorScheme, viewport: { width: 1080, height: 900 } });
      const requests: string[] = [];
      const faults: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("console", (message) => faults.push(message.text()));
      page.on("pageerror", (error) => faults.push(error.message));
      await page.goto(pathToFileURL(file).href);

      const figures = await page.locator("figure svg").all();
      expect(figures).toHaveLength(9);
      for (const figure of figures) {
        const box = await figure.boundingBox();
        expect(box!.width).toBeGreaterThan(100);
        expect(box!.height).toBeGreaterThan(60);
      }
      const squares = page.locator('#figure-rank [aria-roledescription="rect mark"]');
      expect(await squares.count()).toBe(KINDS.length * LAYERS);
      expect((await squares.first().boundingBox())!.width).toBeGreaterThan(20);
      expect(await page.getByRole("heading").allTextContents()).toEqual([
        "rte, blora, seed 1",
        "Training",
        "Ranks and bits",
        "Gates",
        "Bit operations",
        "Environment",
      ]);
      // Figures are drawn in the ink of the page.
      const inkOf = (selector: string, property: string) =>
        page.evaluate(`getComputedStyle(document.querySelector("${selector}")).getPropertyValue("${property}")`);
      expect(await inkOf("figure svg text", "fill")).toBe(await inkOf("body", "color"));
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(1080);
      expect(requests).toEqual([pathToFileURL(file).href]);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
      await rm(folder, { recursive: true });
    }
  },
);
