import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BloraError, type LowRankUpdate, type Method } from "@blora/spec";
import { writeSafetensors } from "@blora/weights";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AdapterWeights, readAdapter, writeAdapter } from "../src/index.ts";
import { packWeights } from "../src/packed/pack.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { method, SITES, tinyAdapter } from "./tiny-adapter.ts";

async function written(): Promise<string> {
  const folder = join(temporaryFolder(), "adapter");
  await writeAdapter(folder, method, SITES, tinyAdapter());
  return folder;
}

const config = (folder: string): string => join(folder, "blora_config.json");
const tensors = (folder: string): string => join(folder, "blora_model.safetensors");

/** Codes have one zero. */
function withoutSignedZeros({ rank, A, B }: LowRankUpdate): LowRankUpdate {
  return { rank, A: A.map((value) => value + 0), B: B.map((value) => value + 0) };
}

/** Replaces a part of the description. */
function edit(folder: string, from: string | RegExp, to: string): void {
  const text = readFileSync(config(folder), "utf8");
  const edited = text.replace(from, to);
  expect(edited).not.toBe(text);
  writeFileSync(config(folder), edited);
}

describe("a packed adapter", () => {
  test("comes back as evaluation uses it, with its description", async () => {
    const { weights, description } = tinyAdapter();
    const read = await readAdapter(await written());
    expect(read.description).toEqual(description);
    expect([...read.weights.adapters].map(([path, { layout }]) => [path, layout])).toEqual(
      [...weights.adapters].map(([path, { layout }]) => [path, { ...layout, phase: "rounded", offset: 0.5 }]),
    );
    for (const site of SITES) {
      const updateOf = ({ adapters }: AdapterWeights) =>
        withoutSignedZeros(method.export(site, adapters.get(site.path)!)!);
      expect(updateOf(read.weights)).toEqual(updateOf(weights));
    }
    expect(read.weights.head).toEqual(weights.head);
  });

  test("written again gives the same packed bytes", async () => {
    const first = await written();
    const second = join(temporaryFolder(), "again");
    await writeAdapter(second, method, SITES, await readAdapter(first));
    for (const name of ["blora_config.json", "blora_model.safetensors"]) {
      expect(readFileSync(join(second, name)), name).toEqual(readFileSync(join(first, name)));
    }
  });

  test("holds matrices at their widths", () => {
    const { tensors: packed } = packWeights(method, tinyAdapter().weights);
    const sizes = Object.fromEntries(
      [...packed].map(
        ([
          name,
          {
            shape,
            values: { BYTES_PER_ELEMENT },
          },
        ]) => [name, [...shape, BYTES_PER_ELEMENT]],
      ),
    );
    // Components of 8, 4 and 2 bits with 12 + 8 codes each, and one of 8; a scale for each row of A and column of B.
    expect(sizes).toEqual({
      "encoder.layer.0.query/A": [21, 1],
      "encoder.layer.0.query/B": [14, 1],
      "encoder.layer.1.query/A": [12, 1],
      "encoder.layer.1.query/B": [8, 1],
      "head:classifier.weight": [2, 8, 4],
      "head:classifier.bias": [2, 4],
      scalars: [8, 4],
    });
  });

  test("comes back from codes of no vectors", async () => {
    const site = SITES[0]!;
    const layout = { phase: "settle", rank: 0, bits: { A: [], B: [] }, unsigned: [] };
    const none = {
      codes: new Int32Array(0),
      bits: [],
      signed: true,
      offset: 0.5,
      scales: new Float32Array(0),
    } as const;
    const codes = { A: { ...none, vector: "row" }, B: { ...none, vector: "column" } } as const;
    const encodesNothing: Method = { ...method, artifacts: { encode: () => ({ layout, codes, parameters: {} }) } };
    const empty = (...shape: number[]) => ({ shape, group: "weights", values: new Float32Array(0) }) as const;
    const parameters = { A: empty(0, 12), B: empty(8, 0) };
    const weights = { head: {}, adapters: new Map([[site.path, { layout, parameters }]]) };
    const folder = join(temporaryFolder(), "adapter");
    await writeAdapter(folder, encodesNothing, [site], { weights, description: tinyAdapter().description });
    const scales = { shape: [0], group: "frozen", values: new Float32Array(0) };
    expect((await readAdapter(folder)).weights.adapters.get(site.path)).toEqual({
      layout,
      parameters: { ...parameters, "A.scales": scales, "B.scales": scales },
    });
  });

  test("of a quantizer without codes keeps float32", () => {
    const { artifacts: _, ...plain } = method;
    const { tensors: packed, state } = packWeights(plain, tinyAdapter().weights);
    expect(packed.get("encoder.layer.0.query/A")!.values).toBeInstanceOf(Float32Array);
    expect(state.parameters.some(({ codes }) => codes !== undefined)).toBe(false);
  });
});

describe("reading a packed adapter", () => {
  test("refuses another version, and says which way to go", async () => {
    const folder = await written();
    edit(folder, '"formatVersion": 3', '"formatVersion": 4');
    await expect(readAdapter(folder)).rejects.toThrow(/expected formatVersion 3, found 4\. A later version .* update/);
  });

  test("refuses codes without a width for each vector", async () => {
    const folder = await written();
    edit(folder, '"bits":[8,4,2]', '"bits":[8,4]');
    await expect(readAdapter(folder)).rejects.toThrow(/state\.parameters\.0: expected a width for each vector/);
  });

  test("refuses a file that is cut short", async () => {
    const folder = await written();
    truncateSync(tensors(folder), statSync(tensors(folder)).size - 1);
    await expect(readAdapter(folder)).rejects.toThrow(/blora_model\.safetensors is cut short/);
  });

  test("lists every tensor that is missing, misshapen or unexpected", async () => {
    const folder = await written();
    const all = packWeights(method, tinyAdapter().weights).tensors;
    all.delete("head:classifier.bias");
    all.set("encoder.layer.0.query/A", { shape: [20], values: new Uint8Array(20) });
    all.set("extra", { shape: [1], values: new Float32Array(1) });
    writeSafetensors(tensors(folder), all);
    await expect(readAdapter(folder)).rejects.toThrow(
      /query\/A is U8 \[20\], expected U8 \[21\]; head:classifier\.bias is missing; extra is unexpected/,
    );
  });

  test("refuses values that are not finite (row 12)", async () => {
    const folder = await written();
    const all = packWeights(method, tinyAdapter().weights).tensors;
    all.set("head:classifier.bias", { shape: [2], values: Float32Array.of(0, Number.NaN) });
    writeSafetensors(tensors(folder), all);
    await expect(readAdapter(folder)).rejects.toThrow(
      /"head:classifier\.bias" holds 1 of 2 values that are not finite/,
    );
  });

  test.each(["1e999", "-1", "9007199254740993", "null", '"8"'])(
    "refuses a dimension of %s before anything is allocated (row 25)",
    async (dimension) => {
      const folder = await written();
      edit(folder, '"shape":[3,12]', `"shape":[3,${dimension}]`);
      await expect(readAdapter(folder)).rejects.toThrow(/state\.parameters\.0\.shape\.1/);
    },
  );

  test("refuses a shape whose product is beyond any file (row 25)", async () => {
    const folder = await written();
    edit(folder, '"shape":[3,12]', '"shape":[2147483647,2147483647]');
    await expect(readAdapter(folder)).rejects.toThrow(/fewer than 2\^31 values/);
  });

  test("never unpacks an archive given in place of a folder (row 24)", async () => {
    const archive = join(temporaryFolder(), "adapter.zip");
    writeFileSync(archive, "PK\u0003\u0004");
    await expect(readAdapter(archive)).rejects.toThrow(
      `${archive}: expected a trained adapter with a blora_config.json`,
    );
  });

  test("keeps a method it cannot make as data: nothing is imported by its name (row 21)", async () => {
    const folder = await written();
    edit(folder, '"$plugin":"method/blora"', '"$plugin":"method/evil","package":"evil-package"');
    expect((await readAdapter(folder)).description.method).toMatchObject({
      $plugin: "method/evil",
      package: "evil-package",
    });
  });

  test.each(["__proto__", "constructor"])("refuses the key %s (row 23)", async (key) => {
    const folder = await written();
    edit(folder, '"task": "letters"', `"task": "letters", "${key}": {}`);
    await expect(readAdapter(folder)).rejects.toThrow(`the key "${key}" is not allowed`);
  });

  test("meets any damaged description with an error that says so", async () => {
    const folder = await written();
    const text = readFileSync(config(folder), "utf8");
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.nat(20), fc.string({ maxLength: 3 }), async (at, length, put) => {
        writeFileSync(config(folder), text.slice(0, at) + put + text.slice(at + length));
        await readAdapter(folder).catch((error) => {
          if (!BloraError.isInstance(error)) throw error;
        });
      }),
      { numRuns: 300 },
    );
  });
});
