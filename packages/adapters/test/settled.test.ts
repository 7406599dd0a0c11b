import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hardConcrete } from "@blora/gates";
import type { BloraOptions } from "@blora/lora";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { Adapter, LinearSite, Method } from "@blora/spec";
import { createTestContext, toTensors, useCpuBackend, valuesOf } from "@blora/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AdapterWeights, readAdapter, writeAdapter } from "../src/index.ts";
import { packWeights } from "../src/packed/pack.ts";
import { settledWeights, settlingBlora } from "./support/settled-blora.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { tinyAdapter } from "./tiny-adapter.ts";

useCpuBackend();

type Form = Pick<BloraOptions, "quantizer" | "granularity">;

const forms: Readonly<Record<string, Form>> = {
  "mid-rise components": { quantizer: uniform({ bits: [0, 2, 4, 8] }) },
  "components with a zero level": { quantizer: uniform({ bits: [0, 3, 16], grid: "absmax" }) },
  "components of 16 bits": { quantizer: uniform({ bits: 16 }) },
  "components with learned ranges": { quantizer: bayesianBits({ gate: hardConcrete() }) },
  "whole matrices": { quantizer: uniform({ bits: [2, 8] }), granularity: "matrix" },
};

const runs = fc.record({
  seed: fc.nat(1000),
  rank: fc.integer({ min: 1, max: 5 }),
  inFeatures: fc.integer({ min: 5, max: 17 }),
  outFeatures: fc.integer({ min: 5, max: 13 }),
  bopsTarget: fc.double({ min: 0.04, max: 0.3, noNaN: true }),
});

function sitesOf(inFeatures: number, outFeatures: number): LinearSite[] {
  return ["layer.0.query", "layer.1.query", "layer.2.query"].map((path) => ({
    path,
    role: "query",
    inFeatures,
    outFeatures,
  }));
}

/** A and B as evaluation has them; codes have one zero. */
function evaluated(method: Method, site: LinearSite, { layout, parameters }: Adapter): Record<string, Float32Array> {
  const [prepared] = method.prepare!([{ site, layout, parameters: toTensors(parameters) }], createTestContext("eval"));
  const matrices = Object.entries(prepared!.parameters).filter(([name]) => name === "A" || name === "B");
  return Object.fromEntries(
    matrices.map(([name, tensor]) => [name, Float32Array.from(valuesOf(tensor), (value) => value + 0)]),
  );
}

async function written(method: Method, sites: readonly LinearSite[], weights: AdapterWeights): Promise<string> {
  const folder = join(temporaryFolder(), "adapter");
  await writeAdapter(folder, method, sites, { weights, description: tinyAdapter().description });
  return folder;
}

describe.each(Object.entries(forms))("settled %s", (_name, form) => {
  test("come back bit for bit, and are packed again to the same bytes", async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ seed, rank, inFeatures, outFeatures, bopsTarget }) => {
        const sites = sitesOf(inFeatures, outFeatures);
        const method = settlingBlora({ ...form, rank, bopsTarget });
        const weights = await settledWeights(method, sites, seed);
        const folder = await written(method, sites, weights);
        const read = await readAdapter(folder);
        for (const site of sites) {
          const [before, after] = [weights, read.weights].map(({ adapters }) => adapters.get(site.path)!);
          expect(after!.layout.rank).toBe(before!.layout.rank);
          const matrices = evaluated(method, site, after!);
          expect(matrices).toEqual(evaluated(method, site, before!));
          // Decoded values are those of evaluation already.
          for (const [name, values] of Object.entries(matrices))
            expect(after!.parameters[name]!.values).toEqual(values);
        }
        const again = await written(method, sites, read.weights);
        for (const name of ["blora_config.json", "blora_model.safetensors"]) {
          expect(readFileSync(join(again, name)), name).toEqual(readFileSync(join(folder, name)));
        }
      }),
      { seed: 1, numRuns: 12 },
    );
  });
});

test("a budget leaves widths mixed and sites closed, which hold no parameters", async () => {
  const sites = sitesOf(12, 8);
  const method = settlingBlora({ ...forms["mid-rise components"]!, bopsTarget: 0.05 });
  const { state, tensors } = packWeights(method, await settledWeights(method, sites, 1));
  expect(state.parameters.map(({ name, codes }) => [name, codes?.bits, codes?.vector])).toEqual([
    ["layer.0.query/A", [8, 4, 2], "row"],
    ["layer.0.query/B", [8, 4, 2], "column"],
    ["layer.1.query/A", [4], "row"],
    ["layer.1.query/B", [4], "column"],
  ]);
  expect(state.layouts["layer.2.query"]).toMatchObject({ rank: 0 });
  expect(Object.fromEntries([...tensors].map(([name, { values }]) => [name, values.length]))).toEqual({
    "layer.0.query/A": ((8 + 4 + 2) * 12) / 8,
    "layer.0.query/B": ((8 + 4 + 2) * 8) / 8,
    "layer.1.query/A": (4 * 12) / 8,
    "layer.1.query/B": (4 * 8) / 8,
    scalars: 3 + 3 + 1 + 1,
  });
});
