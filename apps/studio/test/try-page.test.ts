import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { measureExport } from "@blora/export-onnx";
import { loadAdapter } from "@blora/inference";
import { debertaV2 } from "@blora/model-deberta-v2";
import { openAdapter, openNetwork } from "@blora/network";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { sampleCsv } from "../src/try/sample.ts";
import {
  expectAccessible,
  expectFits,
  openedBrowser,
  openPage,
  reasonToSkip,
  servedStudio,
  temporaryFolder,
} from "./browser.ts";
import { LONG, openModel, readRows, setEpochs, startTraining, trainToTheEnd } from "./try-steps.ts";

const MODEL = builtinModelFolder();
/** A page's first load without runtime and model, in bytes. */
const LIGHT = 400_000;

/** Takes a form away, as a folder. */
async function taken(page: Page, button: string, folder: string): Promise<string> {
  const download = page.waitForEvent("download", LONG);
  await page.getByRole("button", { name: button }).click();
  const files = unzipSync(await readFile(await (await download).path()));
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}

/** Per cent of each class as the page shows it after training, by label. */
async function shownAnswer(page: Page, text: string): Promise<Record<string, number>> {
  await page.getByLabel("A text").fill(text);
  await page.getByRole("button", { name: "Ask" }).click();
  const after = page.locator(".answers > div").nth(1);
  await page.getByRole("button", { name: "Ask" }).and(page.locator(":enabled")).waitFor(LONG);
  const labels = await after.locator(".label").allTextContents();
  const shares = await after.locator(".count").allTextContents();
  return Object.fromEntries(labels.map((label, index) => [label, Number.parseFloat(shares[index]!)]));
}

test.skipIf(reasonToSkip !== undefined)(
  "learns a file of rows without a request, and gives away what answers the same in Node",
  async () => {
    const folder = await temporaryFolder();
    const { page, faults, requests, bytes } = await openPage(await openedBrowser(), await servedStudio(folder));
    await page.getByRole("heading", { name: "Your rows" }).waitFor();
    expect(await bytes()).toBeLessThan(LIGHT);
    await expectAccessible(page);
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "reviews.csv", mimeType: "text/csv", buffer: Buffer.from(sampleCsv()) });
    await page.getByText("reviews.csv: 96 labelled rows").waitFor(LONG);
    await expectFits(page);
    await openModel(page);
    await expectFits(page);
    const before = requests.length;
    await trainToTheEnd(page);
    expect(Number.parseFloat((await page.locator(".facts dd").first().textContent())!)).toBeGreaterThanOrEqual(0.9);
    await page.locator("#figure-rank svg").waitFor();
    await expectFits(page);

    const texts = ["The kettle works perfectly.", "The tent fell apart. The handle looks terrible."];
    const shown: Record<string, number>[] = [];
    for (const text of texts) shown.push(await shownAnswer(page, text));
    await expectAccessible(page);
    const adapter = await taken(page, "PEFT adapter", join(folder, "adapter"));
    const exported = await taken(page, "ONNX folder", join(folder, "onnx"));
    expect(await page.locator(".quietly strong").textContent()).toBe("0");
    expect(requests.slice(before).filter((address) => address.startsWith("http"))).toEqual([]);
    expect(faults).toEqual([]);

    const engine = onnx({ threads: 1 });
    onTestFinished(() => engine.release());
    const parts = { architecture: debertaV2(), engine, tokenizer: loadTokenizer };
    const model = await loadAdapter(adapter, { ...parts, model: MODEL });
    const answers = await model.classify(texts);
    answers.forEach(({ scores }, index) => {
      for (const [label, score] of Object.entries(scores)) {
        expect(100 * score).toBeGreaterThan(shown[index]![label]! - 0.1);
        expect(100 * score).toBeLessThan(shown[index]![label]! + 0.1);
      }
    });
    expect(answers.map(({ label }) => label)).toEqual(["good", "bad"]);
    const network = await openAdapter(openNetwork(debertaV2(), openCheckpoint(MODEL), "builtin"), { folder: adapter });
    const file = join(exported, "onnx", "model.onnx");
    expect((await measureExport({ network, engine, file })).largestDifference).toBeLessThan(1e-4);
    expect(JSON.parse(await readFile(join(exported, "config.json"), "utf8"))).toMatchObject({
      id2label: { 0: "bad", 1: "good" },
    });
  },
  300_000,
);

test.skipIf(reasonToSkip !== undefined)(
  "goes on where it was after the tab was closed, and its curves with it",
  async () => {
    const address = await servedStudio(await temporaryFolder());
    const { page } = await openPage(await openedBrowser(), address);
    await readRows(page);
    await openModel(page);
    await setEpochs(page, 100);
    await startTraining(page);
    await page.locator("#figure-loss svg").waitFor(LONG);
    await expectFits(page);
    const context = page.context();
    // Not paused: what the last epoch saved is there.
    await page.close();
    const again = await context.newPage();
    await again.goto(address);
    await again.getByText(/was left after step \d+/).waitFor(LONG);
    await expectFits(again);
    await again.getByRole("button", { name: "Open it again" }).click();
    const loss = again.locator("#figure-loss svg");
    await loss.waitFor(LONG);
    await expectFits(again);
    await again.getByRole("button", { name: "Go on" }).click(LONG);
    await again.getByText(/step \d+ of 100/).waitFor(LONG);
    expect(await again.getByRole("alert").count()).toBe(0);
  },
  300_000,
);
