import { appendFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { doneRecord } from "../../../packages/report/test/records.ts";
import { writeSampleRun } from "../../../packages/report/test/sample-run.ts";
import {
  expectAccessible,
  expectFits,
  openedBrowser,
  openPage,
  reasonToSkip,
  servedStudio,
  temporaryFolder,
} from "./browser.ts";

const PHONE = { viewport: { width: 390, height: 800 }, colorScheme: "dark" } as const;

/** Two runs, a damaged one, and a sweep. */
async function sampleRuns(): Promise<string> {
  const runs = await temporaryFolder();
  await writeSampleRun(join(runs, "one"));
  await writeSampleRun(join(runs, "two"), { seed: 2 });
  await writeSampleRun(join(runs, "cut"), { seed: 3 });
  await writeFile(join(runs, "cut", "summary.json"), '{"task":');
  await mkdir(join(runs, "results", "runs"), { recursive: true });
  await writeFile(join(runs, "results", "results.json"), '{"reference":"lora-8"}');
  for (const recipe of ["lora-8", "blora"]) {
    const record = doneRecord({
      recipe,
      best: recipe === "blora" ? 0.7 : 0.8,
      bitOperations: recipe === "blora" ? 50 : 500,
    });
    await writeFile(join(runs, "results", "runs", `${recipe}.json`), JSON.stringify(record));
  }
  return runs;
}

test.skipIf(reasonToSkip !== undefined)("lists runs, says what is wrong with one, and compares two", async () => {
  const address = await servedStudio(await sampleRuns());
  const { page, requests, faults } = await openPage(await openedBrowser(), `${address}#/runs`);
  const rows = page.locator("table.runs tbody tr");
  await rows.nth(2).waitFor();
  expect(await rows.count()).toBe(3);
  const cut = rows.filter({ hasText: "damaged" });
  expect(await cut.locator("small").textContent()).toMatch(/summary\.json: expected JSON/);
  await expectAccessible(page);

  await page.getByRole("searchbox").fill("two");
  await expect.poll(() => rows.count()).toBe(1);
  await expectFits(page);
  await page.getByRole("searchbox").fill("");
  for (const name of ["one", "two"]) await page.getByLabel(new RegExp(`Compare .*${name}$`)).check();
  await page.getByRole("link", { name: "Compare the two chosen" }).click();
  await page.locator("#figure-compared-loss svg").waitFor();
  expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual([
    ...["Side by side", "Curves", "Settings that differ"],
  ]);
  expect(await page.locator("#differences tbody tr").allTextContents()).toEqual(["arguments.seed1 -> 2"]);
  await expectAccessible(page);
  expect(requests.filter((url) => !url.startsWith(address))).toEqual([]);
  expect(faults).toEqual([]);
});

test.skipIf(reasonToSkip !== undefined).each([
  ["desktop", {}],
  ["phone", PHONE],
])("shows a run with every figure of its report on a %s", async (_, options) => {
  const runs = await sampleRuns();
  const address = await servedStudio(runs);
  const { page, faults } = await openPage(
    await openedBrowser(),
    `${address}#/run/${encodeURIComponent(join(runs, "one"))}`,
    options,
  );
  await page.locator("#figure-gates-components svg").waitFor();
  await expect.poll(() => page.locator("figure svg").count()).toBe(9);
  expect(await page.getByRole("heading").allTextContents()).toEqual([
    ...["rte, blora, seed 1", "Training", "Ranks and bits", "Gates", "Bit operations", "Environment"],
  ]);
  expect(await page.locator(".facts dd").first().textContent()).toContain("0.4000");
  await expectAccessible(page);
  expect(faults).toEqual([]);
});

test.skipIf(reasonToSkip !== undefined)("follows a run that grows, to its end", async () => {
  const runs = await temporaryFolder();
  const at = (name: string) => join(runs, "live", name);
  await writeSampleRun(join(runs, "live"));
  await rename(at("summary.json"), join(runs, "kept.json"));
  const address = await servedStudio(runs);
  const { page, faults } = await openPage(
    await openedBrowser(),
    `${address}#/run/${encodeURIComponent(join(runs, "live"))}`,
  );
  const unfinished = page.locator(".facts dd").first();
  await expect.poll(() => unfinished.textContent()).toContain("step 40");
  await appendFile(at("metrics.jsonl"), 'ss":1,"learningRate":1}\n{"step":60,"loss":0.25,"learningRate":1}\n');
  await expect.poll(() => unfinished.textContent()).toContain("step 60");
  expect(await page.locator(".facts dd").nth(1).textContent()).toBe("0.2500");
  await expectFits(page);
  await rename(join(runs, "kept.json"), at("summary.json"));
  await page.getByRole("heading", { name: "Ranks and bits" }).waitFor();
  await rm(join(runs, "live"), { recursive: true });
  await page.getByRole("alert").waitFor();
  await expectFits(page);
  expect(faults.filter((text) => !/404|ERR_INCOMPLETE/.test(text))).toEqual([]);
});

test.skipIf(reasonToSkip !== undefined)("shows runs of any name, and compares them", async () => {
  const runs = await temporaryFolder();
  const names = ["50% off #1? ü", "<i>tag</i> & 'more'", "%2e%2e"];
  for (const [index, name] of names.entries()) await writeSampleRun(join(runs, name), { seed: index + 1 });
  const address = await servedStudio(runs);
  const { page, faults } = await openPage(await openedBrowser(), `${address}#/runs`);
  for (const name of names) {
    await page.getByRole("link", { name: `${runs}/${name}`, exact: true }).click();
    await page.locator("#figure-loss svg").waitFor();
    expect(await page.locator(".folder").textContent()).toBe(`${runs}/${name}`);
    await page.reload();
    await page.locator("#figure-loss svg").waitFor();
    await page.goBack();
  }
  for (const name of names.slice(0, 2)) await page.getByLabel(`Compare ${runs}/${name}`, { exact: true }).check();
  await page.getByRole("link", { name: "Compare the two chosen" }).click();
  await page.locator("#figure-compared-loss svg").waitFor();
  expect(await page.locator("#differences tbody tr").allTextContents()).toEqual(["arguments.seed1 -> 2"]);
  expect(faults).toEqual([]);
});

test.skipIf(reasonToSkip !== undefined)("listens to a run while it is looked at, and has every line once", async () => {
  const runs = await temporaryFolder();
  await writeSampleRun(join(runs, "live"));
  await rm(join(runs, "live", "summary.json"));
  const address = await servedStudio(runs);
  const { page, requests } = await openPage(
    await openedBrowser(),
    `${address}#/run/${encodeURIComponent(join(runs, "live"))}`,
  );
  const listened = () => requests.filter((url) => url.endsWith("/events")).length;
  const unfinished = page.locator(".facts dd").first();
  const look = (hidden: boolean) =>
    page.evaluate(
      `Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`,
    );
  await expect.poll(() => unfinished.textContent()).toContain("step 40");
  await look(true);
  const log = join(runs, "live", "metrics.jsonl");
  await appendFile(log, 'ss":1,"learningRate":1}\n{"step":60,"loss":0.25,"learningRate":1}\n');
  // As many looks of the server as would have told it.
  await page.waitForTimeout(500);
  expect([await unfinished.textContent(), listened()]).toEqual([expect.stringContaining("step 40"), 1]);
  await look(false);
  await expect.poll(() => unfinished.textContent()).toContain("step 60");
  await appendFile(log, '{"step":70,"loss":0.2,"learningRate":1}\n');
  await expect.poll(() => unfinished.textContent()).toContain("step 70");
  expect([listened(), await page.getByRole("alert").count()]).toEqual([2, 0]);
});

test.skipIf(reasonToSkip !== undefined)("shows the table of a sweep and its front", async () => {
  const runs = await sampleRuns();
  const address = await servedStudio(runs);
  const { page, faults } = await openPage(
    await openedBrowser(),
    `${address}#/sweep/${encodeURIComponent(join(runs, "results"))}`,
    PHONE,
  );
  await page.locator("#figure-front svg").waitFor();
  const first = page.locator("table", { hasText: "By task" }).locator("tbody tr").first();
  expect(await first.textContent()).toContain("blora");
  expect(await first.textContent()).toContain("10.0 %");
  await expectAccessible(page);
  expect(faults).toEqual([]);
});
