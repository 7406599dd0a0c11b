import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeAdapter } from "@blora/adapters";
import { builtinModelFolder } from "@blora/builtin";
import { lora } from "@blora/lora";
import { debertaV2 } from "@blora/model-deberta-v2";
import { openNetwork } from "@blora/network";
import { openCheckpoint } from "@blora/weights";
import { expect, test } from "vitest";
import { askAdapters } from "../src/index.ts";

/** An adapter as it starts, whose classifier answers with one label whatever it reads. */
async function writeAnswer(folder: string, answer: number): Promise<void> {
  const method = lora({ rank: 2 });
  const head = { kind: "classification", labels: ["no", "yes"] } as const;
  const network = openNetwork(debertaV2(), openCheckpoint(builtinModelFolder()), "builtin");
  const specs = network.architecture.parameters(network.config, head).filter(({ role }) => role === "head");
  const tensors = specs.map(({ name, shape }) => {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (name === "classifier.bias") values[answer] = Math.log(3);
    return [name, { shape, values, group: "head" }] as const;
  });
  await writeAdapter(folder, method, network.linears, {
    weights: {
      adapters: new Map(network.linears.map((site) => [site.path, method.init(site, 1)])),
      head: Object.fromEntries(tensors),
    },
    description: {
      baseModel: builtinModelFolder(),
      task: "answer",
      head,
      method: JSON.parse(JSON.stringify(method)),
      maxSeqLength: 64,
      ranks: {},
      bits: {},
      bops: { scope: "adapter", unit: "bit operations", macs: 0, bitOperations: 0, baseline: 0, ratio: 0 },
      ledger: [],
    },
  });
}

test("every adapter answers for itself", async () => {
  const folder = await mkdtemp(join(tmpdir(), "blora-use-"));
  await writeAnswer(join(folder, "no"), 0);
  await writeAnswer(join(folder, "yes"), 1);
  const lines = await askAdapters([join(folder, "no"), join(folder, "yes")], ["Is it so?"]);
  await rm(folder, { recursive: true });
  expect(lines).toEqual(["Is it so?  no (75.0 %)", "Is it so?  yes (75.0 %)"]);
});
