import type { BrowserContext, Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible, openedBrowser, openPage, reasonToSkip, servedStudio, temporaryFolder } from "./browser.ts";
import { LONG, openModel, ROWS, setEpochs, startTraining, trainToTheEnd } from "./try-steps.ts";

async function chooseRows(page: Page, name: string, rows = ROWS): Promise<void> {
  await page
    .locator("input[type=file]")
    .first()
    .setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(rows) });
  await page.getByText(`${name}: `).first().waitFor(LONG);
}

async function beginTraining(page: Page, name: string, rows?: string): Promise<void> {
  await chooseRows(page, name, rows);
  await openModel(page);
  await setEpochs(page, 100);
  await startTraining(page);
  await page.getByText(/step ([2-9]|\d\d) of/).waitFor(LONG);
}

async function another(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  await page.getByRole("heading", { name: "Your rows" }).waitFor();
  return page;
}

const left = (page: Page) => page.locator(".saved p");
const openLeft = (page: Page, index = 0) =>
  page.locator(".saved").getByRole("button", { name: "Open it again" }).nth(index).click();

test.skipIf(reasonToSkip !== undefined)(
  "keeps what two tabs learn apart, and gives neither to the other",
  async () => {
    const address = await servedStudio(await temporaryFolder());
    const { page: first } = await openPage(await openedBrowser(), address);
    const context = first.context();
    await beginTraining(first, "first.csv");
    const second = await another(context, address);
    await beginTraining(second, "second.csv", ROWS.replaceAll("good", "fine"));
    const third = await another(context, address);
    await third.waitForTimeout(500);
    expect(await left(third).count()).toBe(0);
    await third.close();

    await second.getByText(/step ([4-9]|\d\d) of/).waitFor(LONG);
    await first.close();
    await second.close();
    const later = await another(context, address);
    await expect
      .poll(() => left(later).allTextContents(), LONG)
      .toEqual([
        expect.stringMatching(/^A training on second\.csv was left after step \d+, with the built-in model\.$/),
        expect.stringMatching(/^A training on first\.csv was left after step \d+, with the built-in model\.$/),
      ]);
    await expectAccessible(later);
    await openLeft(later, 1);
    await later.getByRole("button", { name: "Go on" }).click(LONG);
    expect(await later.locator(".said").first().textContent()).toContain("(bad, good)");
    await later.getByText(/step \d+ of 100/).waitFor(LONG);

    // Loaded again while it trains, it is offered what it was at.
    await later.getByText(/step ([4-9]|\d\d) of/).waitFor(LONG);
    await later.reload();
    await expect.poll(() => left(later).allTextContents(), LONG).toContainEqual(expect.stringContaining("first.csv"));
    await openLeft(later, 1);
    await later.getByRole("button", { name: "Go on" }).click(LONG);
    await later.getByText(/step \d+ of 100/).waitFor(LONG);

    const other = await another(context, address);
    await expect.poll(() => left(other).allTextContents(), LONG).toEqual([expect.stringContaining("second.csv")]);
    await other.getByRole("button", { name: "Forget it" }).click();
    await expect.poll(() => left(other).count(), LONG).toBe(0);
    expect(await later.getByRole("alert").count()).toBe(0);
    // What another tab leaves is offered without loading the page again.
    await later.close();
    await expect.poll(() => left(other).allTextContents(), LONG).toEqual([expect.stringContaining("first.csv")]);
  },
  300_000,
);

test.skipIf(reasonToSkip !== undefined)(
  "keeps what was learned until it is taken away, and the command of the run it repeats",
  async () => {
    const address = await servedStudio(await temporaryFolder());
    const { page } = await openPage(await openedBrowser(), address);
    const context = page.context();
    await chooseRows(page, "mine.csv", ROWS.replaceAll("\n", "\r\n"));
    const changed = page.getByText("These rows were changed after they were read.");
    const rows = page.getByLabel("Rows", { exact: true });
    expect(await rows.inputValue()).toBe(ROWS);
    await rows.fill(`${ROWS}\nmore,good`);
    await changed.waitFor();
    await rows.fill(ROWS);
    await expect.poll(() => changed.count()).toBe(0);
    await openModel(page);
    await setEpochs(page, 2);
    await trainToTheEnd(page);
    const command = await page.locator(".command code").textContent();
    expect(command).toContain("numTrainEpochs=2 ");
    await page.getByLabel("Epochs").fill("7");
    await page.getByLabel("Epochs").blur();
    expect(await page.locator(".command code").textContent()).toBe(command);
    await page.close();

    const again = await another(context, address);
    await expect
      .poll(() => left(again).allTextContents(), LONG)
      .toEqual(["A training on mine.csv was finished, and not taken away, with the built-in model."]);
    await openLeft(again);
    await again.getByRole("button", { name: "Go on" }).click(LONG);
    await again.getByRole("button", { name: "Train again" }).waitFor(LONG);
    expect(await again.locator(".command code").textContent()).toBe(command);
    // Other rows leave it where it can be opened again.
    await chooseRows(again, "other.csv");
    await expect.poll(() => left(again).count(), LONG).toBe(1);
    await openLeft(again);
    await again.getByRole("button", { name: "Go on" }).click(LONG);
    const download = again.waitForEvent("download", LONG);
    await again.getByRole("button", { name: "Packed adapter" }).click(LONG);
    await download;
    await again.close();
    const last = await another(context, address);
    await last.waitForTimeout(500);
    expect(await left(last).count()).toBe(0);
  },
  300_000,
);
