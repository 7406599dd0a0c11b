import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible, openedBrowser, openPage, reasonToSkip, servedStudio, temporaryFolder } from "./browser.ts";

const PROGRAM = fileURLToPath(new URL("../../cli/dist/blora.js", import.meta.url));
const LONG = { timeout: 100_000 };

/** Reviews by a rule, pasted. */
const ROWS = [
  "review,opinion",
  ...["lamp", "tent", "radio", "chair"].flatMap((thing) => [
    `The ${thing} works perfectly.,good`,
    `The ${thing} is a joy to use.,good`,
    `The ${thing} stopped working at once.,bad`,
    `The ${thing} fell apart.,bad`,
  ]),
].join("\n");

/** From rows to an open model. */
async function prepare(page: Page, epochs: number): Promise<void> {
  await page.getByLabel("Rows", { exact: true }).fill(ROWS);
  await page.getByRole("button", { name: "Read the rows" }).click();
  await page.getByText("rows.csv: 16 labelled rows").waitFor();
  await page.getByRole("button", { name: "Open the model" }).click();
  await page.getByText("builtin: deberta-v2").waitFor(LONG);
  await page.getByText("More settings").click();
  await page.getByLabel("Epochs").fill(String(epochs));
  await page.getByLabel("Epochs").blur();
}

test.skipIf(reasonToSkip !== undefined)(
  "trains pasted rows without a request, answers a text, and gives an adapter the command line loads",
  async () => {
    const folder = await temporaryFolder();
    const { page, faults, requests } = await openPage(await openedBrowser(), await servedStudio(folder));
    await expectAccessible(page);
    await prepare(page, 6);
    const before = requests.length;
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.getByRole("button", { name: "Train again" }).waitFor(LONG);
    expect(await page.locator(".step").nth(2).getByRole("alert").count()).toBe(0);
    expect(await page.locator(".quietly strong").textContent()).toBe("0");
    expect(requests.slice(before).filter((address) => !address.includes("/assets/"))).toEqual([]);
    await page.getByLabel("A text").fill("The kettle works perfectly.");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByText("After training", { exact: true }).waitFor(LONG);
    const shown = (await page.locator(".answers > div").nth(1).locator(".count").allTextContents()).map(
      Number.parseFloat,
    );
    await expectAccessible(page);

    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Adapter, as PEFT has it" }).click();
    const files = unzipSync(readFileSync(await (await download).path()));
    const adapter = join(folder, "adapter");
    execFileSync("mkdir", ["-p", adapter]);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(adapter, name), bytes);
    writeFileSync(join(folder, "ask.csv"), "review\nThe kettle works perfectly.\n");
    const printed = execFileSync(process.execPath, [
      PROGRAM,
      "predict",
      adapter,
      "--data",
      join(folder, "ask.csv"),
      "--out",
      join(folder, "out.csv"),
    ]);
    expect(printed).toBeDefined();
    const [, answer] = readFileSync(join(folder, "out.csv"), "utf8").trim().split("\n");
    for (const percent of shown) {
      const found = answer!.split(",").map(Number).filter(Number.isFinite);
      expect(found.some((probability) => Math.abs(100 * probability - percent) < 0.11)).toBe(true);
    }
    expect(faults).toEqual([]);
  },
  180_000,
);

test.skipIf(reasonToSkip !== undefined)(
  "goes on where it was after the tab was closed",
  async () => {
    const browser = await openedBrowser();
    const address = await servedStudio(await temporaryFolder());
    const { page } = await openPage(browser, address);
    await prepare(page, 40);
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.getByText(/step [3-9] of/).waitFor(LONG);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).waitFor(LONG);
    const context = page.context();
    await page.close();
    const again = await context.newPage();
    await again.goto(address);
    await again.getByText(/was left after step \d+/).waitFor(LONG);
    await again.getByRole("button", { name: "Open it again" }).click();
    await again.getByRole("button", { name: "Go on" }).click(LONG);
    await again.getByText(/step [1-9]\d? of 40/).waitFor(LONG);
    expect(await again.getByRole("alert").count()).toBe(0);
  },
  180_000,
);

test.skipIf(reasonToSkip !== undefined)(
  "says in a sentence what is wrong with rows",
  async () => {
    const { page } = await openPage(await openedBrowser(), await servedStudio(await temporaryFolder()));
    const alert = page.getByRole("alert");
    for (const [rows, sentence] of [
      [
        'text,label\n"one,a\n',
        "rows.csv: expected comma-separated values, found a quote in row 2 that nothing closes.",
      ],
      ["text,label\none,a\ntwo,a\n", "rows.csv: expected at least two classes in column label, found a alone."],
      ['{"text":"one"', "rows.jsonl, row 1: expected a JSON object"],
    ] as const) {
      await page.getByLabel("Rows", { exact: true }).fill(rows);
      await page.getByRole("button", { name: "Read the rows" }).click();
      await expect.poll(() => alert.textContent(), LONG).toContain(sentence);
    }
  },
  120_000,
);
