import { expect, test } from "vitest";
import { expectFits, openedBrowser, openPage, plainHost, reasonToSkip } from "./browser.ts";
import { LONG, openModel, readRows, setEpochs, trainToTheEnd } from "./try-steps.ts";

test.skipIf(reasonToSkip !== undefined)(
  "isolates itself where its host does not, fetches a model, and trains without a network",
  async () => {
    const { address, asked } = await plainHost();
    const { page, faults } = await openPage(await openedBrowser(), address);
    await page.getByText(/^Up to \d+ threads\.$/).waitFor(LONG);
    await readRows(page);
    await page.getByLabel("A model of the Hugging Face Hub").check();
    await page.getByLabel("Its id on the Hub").fill("tiny/bert");
    await expectFits(page);
    await openModel(page, /^tiny\/bert: bert, 0\.\d MiB\. ONNX Runtime .* \d+ threads?\.$/);
    expect(asked).toContain("/tiny/bert/resolve/main/model.safetensors");
    const before = asked.length;

    await page.context().setOffline(true);
    await setEpochs(page, 2);
    await trainToTheEnd(page);
    await page.locator("#figure-loss svg").waitFor();
    expect(await page.locator(".quietly strong").textContent()).toBe("0");
    expect(await page.getByRole("alert").count()).toBe(0);

    // What the browser kept is opened again; anything else is refused.
    await page.getByRole("button", { name: "Open it again" }).click();
    await page.getByText(/^tiny\/bert: bert/).waitFor(LONG);
    expect(asked.length).toBe(before);
    await page.getByLabel("Its id on the Hub").fill("tiny/other");
    await page.getByRole("button", { name: "Open the model" }).click();
    await expect
      .poll(() => page.getByRole("alert").textContent(), LONG)
      .toBe("tiny/other/config.json: this tab is offline, and this browser keeps no copy of the model.");
    expect(faults.filter((text) => !/404|ERR_INTERNET_DISCONNECTED/.test(text))).toEqual([]);
  },
  300_000,
);

test.skipIf(reasonToSkip !== undefined)(
  "says that there is one thread where neither host nor browser isolate it, and trains",
  async () => {
    const { address } = await plainHost();
    const { page } = await openPage(await openedBrowser(), address, { serviceWorkers: "block" });
    await page.getByText("One thread: this host does not isolate the page, which threads need.").waitFor();
    await expectFits(page);
    expect(await page.evaluate("typeof SharedArrayBuffer")).toBe("undefined");
    await readRows(page);
    await openModel(page, /1 thread \(the page is not cross-origin isolated, which takes one thread\)\.$/);
    await setEpochs(page, 1);
    await trainToTheEnd(page);
    expect(await page.getByRole("alert").count()).toBe(0);
  },
  300_000,
);
