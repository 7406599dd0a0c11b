import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { writeTinyBert } from "../../../internal/tiny-models/tiny-bert.ts";
import { expectFits, openedBrowser, openPage, reasonToSkip, servedStudio, temporaryFolder } from "./browser.ts";
import { LONG, openModel, ROWS, readRows, setEpochs, startTraining, trainToTheEnd } from "./try-steps.ts";

/** Drops files or folders of the disk on a part of the page. */
async function drop(page: Page, files: readonly string[]): Promise<void> {
  const heading = page.getByRole("heading", { name: "Fine-tune in this tab" });
  await heading.scrollIntoViewIfNeeded();
  const { x, y } = (await heading.boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, x: x + 5, y: y + 5, data });
  }
  await session.detach();
}

test.skipIf(reasonToSkip !== undefined)(
  "says in a sentence what is wrong with rows and models",
  async () => {
    const folder = await temporaryFolder();
    const { page } = await openPage(await openedBrowser(), await servedStudio(folder));
    const expectSentence = async (sentence: string) => {
      await expect.poll(() => page.getByRole("alert").textContent(), LONG).toContain(sentence);
      await expectFits(page);
    };
    for (const [rows, sentence] of [
      [
        'text,label\n"one,a\n',
        "rows.csv: expected comma-separated values, found a quote in row 2 that nothing closes.",
      ],
      ["text,label\none,a\ntwo,a\n", 'rows.csv: expected at least two classes in column label, found "a" alone.'],
      ['{"text":"one"', "rows.jsonl, row 1: expected a JSON object"],
    ] as const) {
      await readRows(page, rows);
      await expectSentence(sentence);
    }
    const at = async (name: string, content: string | Uint8Array) => {
      await mkdir(join(folder, "given"), { recursive: true });
      await writeFile(join(folder, "given", name), content);
      return join(folder, "given", name);
    };
    await drop(page, [await at("wide.csv", Buffer.from(ROWS, "utf16le"))]);
    await expectSentence("wide.csv: expected");
    await drop(page, [await at("rows.parquet", "PAR1"), await at("picture.png", "")]);
    await expectSentence("the files: expected csv, tsv, jsonl or json files, found rows.parquet, picture.png.");
    await drop(page, [await at("one.csv", ROWS), await at("two.csv", ROWS)]);
    await expectSentence(
      "the files: expected one file, or train.csv and perhaps validation.csv, found one.csv, two.csv.",
    );

    const splits = join(folder, "splits");
    await mkdir(splits);
    await writeFile(join(splits, "train.csv"), ROWS);
    await writeFile(join(splits, "validation.csv"), ROWS.split("\n").slice(0, 5).join("\n"));
    await drop(page, [splits]);
    await page.getByText("16 rows to learn, 4 to judge by.").waitFor(LONG);
    expect(await page.getByRole("alert").count()).toBe(0);

    const model = join(folder, "half");
    await mkdir(model);
    await writeFile(join(model, "config.json"), '{"model_type":"bert"}');
    await drop(page, [model]);
    await page.getByText("half: 1 file").waitFor();
    await page.getByRole("button", { name: "Open the model" }).click();
    await expectSentence("half: expected model.safetensors in the folder of a model, found config.json.");
    writeTinyBert(join(folder, "tiny"));
    await drop(page, [join(folder, "tiny")]);
    await page.getByText("tiny: 4 files").waitFor();
    await expectFits(page);
    await openModel(page, /^tiny: bert, 0\.\d MiB/);
    await page.getByLabel("A model of the Hugging Face Hub").check();
    await page.getByLabel("Its id on the Hub").fill("no id");
    await page.getByRole("button", { name: "Open the model" }).click();
    await expectSentence('Expected a model of the Hub such as sentence-transformers/all-MiniLM-L6-v2, found "no id".');
  },
  300_000,
);

test.skipIf(reasonToSkip !== undefined)(
  "trains on where the browser has no room, and says so",
  async () => {
    const address = await servedStudio(await temporaryFolder());
    const { page } = await openPage(await openedBrowser(), address);
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(address).origin, quotaSize: 1 });
    await readRows(page);
    await openModel(page);
    await setEpochs(page, 3);
    await trainToTheEnd(page);
    await expectFits(page);
    expect(await page.getByRole("alert").allTextContents()).toEqual([
      expect.stringMatching(
        /^Expected room for \d+ kB that this browser keeps for the page, found too little: training goes on, but what it learns from here on ends with this tab\.$/,
      ),
    ]);
  },
  300_000,
);

test.skipIf(reasonToSkip !== undefined)(
  "says that its worker was ended, and opens what was saved",
  async () => {
    const { page } = await openPage(await openedBrowser(), await servedStudio(await temporaryFolder()));
    await readRows(page);
    await openModel(page);
    await setEpochs(page, 40);
    await startTraining(page);
    await page.getByText(/step [3-9] of 40/).waitFor(LONG);
    // As the browser does where memory is short: no event tells of it.
    await page
      .workers()[0]!
      .evaluate("close()")
      .catch(() => undefined);
    await expect
      .poll(() => page.getByRole("alert").allTextContents(), LONG)
      .toEqual([
        "The browser ended the part of this page that trains, as it does where memory is short. A training that was saved can be opened again above; else begin with the rows.",
      ]);
    await expectFits(page);
    await page.getByRole("button", { name: "Open it again" }).click();
    await page.getByRole("button", { name: "Go on" }).click(LONG);
    await page.getByText(/step (1\d|2\d|3\d|40) of 40/).waitFor(LONG);
    expect(await page.getByRole("alert").count()).toBe(0);
  },
  300_000,
);

test.skipIf(reasonToSkip !== undefined)(
  "says of what was learned what the command line says of it",
  async () => {
    const { page } = await openPage(await openedBrowser(), await servedStudio(await temporaryFolder()));
    const numbers = Array.from({ length: 40 }, (_, row) => `row ${row} with ${row % 7} things,${100 + (row % 7) / 4}`);
    await readRows(page, ["text,label", ...numbers].join("\n"));
    await openModel(page);
    await setEpochs(page, 1);
    await trainToTheEnd(page);
    const notes = page.getByRole("region", { name: "Train" }).locator(".notes li");
    expect((await notes.allTextContents()).join(" ")).toMatch(
      /rmse on validation is [\d.]+, above the [\d.]+ of always giving the mean: the model is undertrained\./,
    );
  },
  300_000,
);
