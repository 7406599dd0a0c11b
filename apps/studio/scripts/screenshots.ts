/**
 * `npm run screenshots --workspace @blora/studio` takes the pictures of the guide: each state of the page in light, the chief ones
 * dark and as wide as a phone too. It needs a build and a Chromium, trains the runs it shows unless given a folder with `runs` and
 * `results`, and takes a few minutes.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import sharp from "sharp";
import { CHROMIUM_FLAGS, chromiumPath } from "../../../internal/browser/chromium.ts";
import { createStudioServer } from "../../cli/src/studio/server.ts";
import { STUDIO_PAGE } from "../src/index.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const OUT = join(ROOT, "docs/public/studio");
/** Bytes of a picture: more is too much for a guide. */
const LARGEST = 100_000;
const LONG = { timeout: 300_000 };
/** States that look in dark and on a phone as others do. */
const LIGHT_ALONE: readonly string[] = ["model", "saved", "fault", "run"];

const LIGHT: BrowserContextOptions = { viewport: { width: 1040, height: 720 }, colorScheme: "light" };
const DARK: BrowserContextOptions = { ...LIGHT, colorScheme: "dark" };
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 780 }, colorScheme: "dark" };

/** Takes a picture of a state: of a part, or of what the window shows. */
async function picture(what: Page | Locator, state: string, suffix: string): Promise<void> {
  if (suffix !== "" && LIGHT_ALONE.includes(state)) return;
  const name = `${state}${suffix}.png`;
  const file = join(OUT, name);
  if ("mouse" in what) await what.evaluate("scrollTo(0, 0)");
  const png = await what.screenshot({ animations: "disabled" });
  await sharp(png).png({ palette: true, compressionLevel: 9, effort: 10 }).toFile(file);
  const { size } = await stat(file);
  if (size > LARGEST) throw new Error(`${file}: expected at most ${LARGEST} bytes, found ${size}.`);
  console.log(`${name} ${(size / 1000).toFixed(0)} kB`);
}

/** Rows to an adapter, a picture of each step. */
async function tryPictures(page: Page, suffix: string, address: string): Promise<void> {
  const step = (number: number): Locator => page.locator(".step").nth(number - 1);
  await page.goto(address);
  await page.getByRole("heading", { name: "Your rows" }).waitFor();
  await picture(page, "start", suffix);
  await page.getByRole("button", { name: "Use sample rows" }).click();
  await page.getByText("rows to learn").waitFor();
  await picture(step(1), "rows", suffix);
  await page.getByRole("button", { name: "Open the model" }).click();
  await page.getByText("ONNX Runtime").waitFor(LONG);
  await picture(step(2), "model", suffix);
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.getByText(/step (1[5-9]|2\d) of/).waitFor(LONG);
  await page.locator("#figure-score svg").waitFor(LONG);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).waitFor(LONG);
  await picture(step(3), "training", suffix);
  await page.reload();
  await page.getByText("was left after step").waitFor();
  await picture(page, "saved", suffix);
  await page.getByRole("button", { name: "Open it again" }).click();
  await page.getByRole("button", { name: "Go on" }).click(LONG);
  await page.getByRole("button", { name: "Train again" }).waitFor(LONG);
  await page.locator("#figure-rank svg").waitFor(LONG);
  // Charts that change are drawn again after a while.
  await page.waitForTimeout(3000);
  await picture(step(3), "trained", suffix);
  await page.getByLabel("A text").fill("The kettle works perfectly, and the sound is a joy.");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByText("After training", { exact: true }).waitFor(LONG);
  await picture(step(4), "ask", suffix);
  await picture(step(5), "take", suffix);
  await page.getByLabel("Rows", { exact: true }).fill('text,label\n"A quote that nothing closes,good\n');
  await page.getByRole("button", { name: "Read the rows" }).click();
  await page.getByRole("alert").waitFor();
  await picture(step(1), "fault", suffix);
}

/** The list, a run, two runs and a sweep. */
async function runsPictures(page: Page, suffix: string, address: string): Promise<void> {
  await page.goto(`${address}#/runs`);
  await page.getByRole("checkbox").nth(2).waitFor();
  for (const index of [0, 2]) await page.getByRole("checkbox").nth(index).check();
  await picture(page, "runs", suffix);
  await page.getByRole("link", { name: "Compare the two chosen" }).click();
  await page.locator("#figure-compared-loss svg").waitFor();
  await picture(page, "compare", suffix);
  await page.goto(`${address}#/runs`);
  await page.getByRole("link", { name: /blora-/ }).click();
  await page.locator("#figure-rank svg").waitFor();
  await picture(page, "run", suffix);
  await page.locator("#sites").scrollIntoViewIfNeeded();
  await picture(page.locator("#sites"), "sites", suffix);
  await page.goto(`${address}#/runs`);
  await page.getByRole("link", { name: "results/glue" }).click();
  await page.locator("#figure-front svg").waitFor();
  await picture(page, "sweep", suffix);
}

/** Runs and a sweep to show, in a folder that is gone afterwards. */
async function made(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blora-pictures-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  await cp(join(ROOT, "benchmarks/results/glue"), join(folder, "results/glue"), { recursive: true });
  const words = [join(ROOT, "apps/cli/dist/blora.js"), "demo", "--steps", "300"];
  execFileSync(process.execPath, words, { cwd: folder, stdio: "ignore" });
  return folder;
}

const [given] = process.argv.slice(2);
process.chdir(given ?? (await made()));
await mkdir(OUT, { recursive: true });
const server = await createStudioServer({ page: STUDIO_PAGE, folders: ["runs", "results"] });
await once(server.listen(0, "127.0.0.1"), "listening");
const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
const browser = await chromium.launch({ executablePath: chromiumPath!, args: [...CHROMIUM_FLAGS] });
try {
  for (const [suffix, options] of [
    ["", LIGHT],
    ["-dark", DARK],
    ["-phone", PHONE],
  ] as const) {
    const page = await (await browser.newContext(options)).newPage();
    await tryPictures(page, suffix, address);
    await runsPictures(page, suffix, address);
    await page.context().close();
  }
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
