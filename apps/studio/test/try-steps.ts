import type { Page } from "playwright-core";

/** For what computes. */
export const LONG = { timeout: 120_000 };

/** Reviews by a rule. */
export const ROWS: string = [
  "review,opinion",
  ...["lamp", "tent", "radio", "chair"].flatMap((thing) => [
    `The ${thing} works perfectly.,good`,
    `The ${thing} is a joy to use.,good`,
    `The ${thing} stopped working at once.,bad`,
    `The ${thing} fell apart.,bad`,
  ]),
].join("\n");

export async function readRows(page: Page, rows: string = ROWS): Promise<void> {
  await page.getByLabel("Rows", { exact: true }).fill(rows);
  await page.getByRole("button", { name: "Read the rows" }).click();
}

/** Opens the model that is chosen, and waits for what is said of it. */
export async function openModel(page: Page, said: RegExp | string = "builtin: deberta-v2"): Promise<void> {
  await page.getByRole("button", { name: "Open the model" }).click();
  await page.getByText(said).waitFor(LONG);
}

export async function setEpochs(page: Page, epochs: number): Promise<void> {
  await page.getByText("More settings").click();
  await page.getByLabel("Epochs").fill(String(epochs));
  await page.getByLabel("Epochs").blur();
}

export async function startTraining(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Train", exact: true }).click();
}

export async function trainToTheEnd(page: Page): Promise<void> {
  await startTraining(page);
  await page.getByRole("button", { name: "Train again" }).waitFor(LONG);
}
