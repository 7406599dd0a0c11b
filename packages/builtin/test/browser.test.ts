import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onnx } from "@blora/engine-onnx";
import { checkpointOfFiles } from "@blora/weights";
import { expect, test } from "vitest";
import { chromiumPath } from "../../../internal/browser/chromium.ts";
import { runInWorkerOfPage } from "../../../internal/browser/worker-page.ts";
import { builtinModelFolder } from "../src/index.ts";
import { losses, MODEL_FILES } from "./page/losses.ts";

if (chromiumPath === undefined) {
  console.warn("No Chromium was found, so nothing is trained in a page. Install it, or name it in CHROMIUM.");
}

test.skipIf(chromiumPath === undefined)(
  "a run in a page, of files read by ranges, has the losses of the same run in Node",
  async () => {
    const folder = builtinModelFolder();
    const there = MODEL_FILES.filter((name) => existsSync(join(folder, name)));
    const files = new Map(there.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
    const inNode = await losses(onnx({ threads: 1 }), checkpointOfFiles(files, "built-in"), files);
    const entry = fileURLToPath(new URL("./page/training.ts", import.meta.url));
    const inPage = await runInWorkerOfPage<number[]>({
      entry,
      parameters: {},
      isolated: false,
      folders: { model: folder },
    });
    expect(inNode).toHaveLength(50);
    expect(inPage).toHaveLength(50);
    for (const [step, loss] of inNode.entries()) expect(Math.abs(inPage[step]! - loss)).toBeLessThan(1e-4);
  },
  600_000,
);
