import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lora } from "@blora/lora";
import type { Parameter } from "@blora/spec";
import { expectAllClose, useCpuBackend } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { readPeft, writePeft } from "../src/index.ts";
import { type Family, type FamilyName, FIXTURES, openFamily } from "./support/families.ts";
import { method, ourAdapters } from "./support/our-adapters.ts";
import { temporaryFolder } from "./temporary-folder.ts";

useCpuBackend();

const folder = fileURLToPath(new URL("peft/", FIXTURES));
const readJson = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));

interface Expected {
  readonly cases: Readonly<Record<string, { readonly family: FamilyName; readonly logits: number[][] }>>;
}

const network = ({ linears, head }: Family) => ({
  linears,
  head: new Map(head.map(({ name, shape }) => [name, shape])),
});

/** Logits with an adapter of PEFT taken over by plain LoRA. */
function importedLogits(family: Family, path: string): number[][] {
  const { updates, head } = readPeft(path, network(family));
  const plain = lora();
  const sites = new Map(family.linears.map((site) => [site.path, site]));
  const adapters = new Map(
    [...updates].map(([site, update]) => [site, plain.artifacts!.import!(sites.get(site)!, update)]),
  );
  const trained = Object.entries(head).map(([name, tensor]): [string, Parameter] => [
    name,
    { ...tensor, group: "head" },
  ]);
  return family.logits(plain, { adapters, head: Object.fromEntries(trained) });
}

describe("an adapter that PEFT wrote", () => {
  const { cases } = readJson("expected.json") as Expected;
  test.each(Object.entries(cases))("gives PEFT's logits: %s", (name, { family, logits }) => {
    expectAllClose(importedLogits(openFamily(family), join(folder, name)).flat(), logits.flat(), { absolute: 1e-4 });
  });
});

/** Transformers has it from 4.48 on, PEFT 0.11 goes with an older one. */
const isModernBert = (name: string): boolean => name.startsWith("modernbert.");

describe("an adapter of ours", () => {
  const adapters = ourAdapters();

  test("is what PEFT was held against, and gave these logits", async () => {
    const out = process.env.BLORA_WRITE_FIXTURES === undefined ? temporaryFolder() : join(folder, "ours");
    if (process.env.BLORA_WRITE_FIXTURES !== undefined) rmSync(out, { recursive: true, force: true });
    const logits: Record<string, number[][]> = {};
    for (const { name, family, adapter } of adapters) {
      mkdirSync(join(out, name), { recursive: true });
      await writePeft(join(out, name), method, family.linears, adapter);
      logits[name] = family.logits(method, adapter.weights);
    }
    writeFileSync(join(out, "expected.json"), `${JSON.stringify(logits)}\n`);
    const expected = readJson("ours/expected.json") as Record<string, number[][]>;
    for (const { name } of adapters) {
      expectAllClose(logits[name]!.flat(), expected[name]!.flat(), { absolute: 1e-5 });
      for (const file of ["adapter_config.json", "adapter_model.safetensors"]) {
        expect(readFileSync(join(out, name, file)), `${name}/${file}`).toEqual(
          readFileSync(join(folder, "ours", name, file)),
        );
      }
    }
  });

  test("was loaded by PEFT 0.11, 0.14 and a current one with logits equal within 1e-4, where transformers had its family", () => {
    const reports = readdirSync(join(folder, "ours")).filter((name) => name.startsWith("loaded-by-peft-"));
    const versions = reports.map((name) => /peft-(\d+\.\d+)/.exec(name)![1]);
    expect(versions).toEqual(expect.arrayContaining(["0.11", "0.14", "0.21"]));
    for (const report of reports) {
      const { results } = readJson(`ours/${report}`) as {
        results: Record<string, { largestError: number; largestChange: number; resavedKeysAreEqual: boolean }>;
      };
      // Decoders that classify came after the older versions were run, and 0.11's transformers lacks ModernBERT.
      const isRun = ({ name }: { readonly name: string }): boolean =>
        report.includes("peft-0.21") ||
        !(/^(?:qwen2-classes|phi-number)/.test(name) || (report.includes("0.11") && isModernBert(name)));
      const names = adapters.filter(isRun).map(({ name }) => name);
      expect(Object.keys(results).sort()).toEqual(names.sort());
      for (const { largestError, largestChange, resavedKeysAreEqual } of Object.values(results)) {
        expect(largestError).toBeLessThan(1e-4);
        expect(largestChange).toBeGreaterThan(0.01);
        expect(resavedKeysAreEqual).toBe(true);
      }
    }
  });

  test.each(adapters.map((one) => [one.name, one] as const))(
    "comes back from PEFT's files: %s",
    async (_, { family, adapter }) => {
      const out = temporaryFolder();
      await writePeft(out, method, family.linears, adapter);
      expectAllClose(importedLogits(family, out).flat(), family.logits(method, adapter.weights).flat(), {
        absolute: 1e-4,
      });
    },
  );
});
