import { type Architecture, type Batch, BloraError, type Component, type Head } from "@blora/spec";
import { normalValues, ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { useCpuBackend } from "./cpu-backend.ts";
import { type Adapt, createRandomModel, hostRows, type RandomModel, toBatch } from "./random-model.ts";
import { testLanguageModel } from "./test-language-model.ts";
import { testManifest } from "./test-manifest.ts";
import { expectAllClose, valuesOf } from "./values.ts";

export interface ArchitectureFixture {
  /** A small `config.json`: the kit draws random weights for it. */
  readonly config: unknown;
  /** At least two texts as token ids, of different lengths. */
  readonly texts: readonly (readonly number[])[];
  /** Id that pads them. */
  readonly padding: number;
  /** Heads it supports. Default: classification with three labels, and regression. */
  readonly heads?: readonly Head[];
}

const CLASSIFICATION: Head = { kind: "classification", labels: ["a", "b", "c"] };
const TOLERANCE = { relative: 1e-4, absolute: 2e-5 };

/** Registers the laws every architecture keeps. Call it at the top level of a test file. */
export function testArchitecture<Config>(
  architecture: Component<"architecture"> & Architecture<Config>,
  fixture: ArchitectureFixture,
): void {
  const { texts, padding, heads = [CLASSIFICATION, { kind: "regression" }] } = fixture;

  describe("architecture laws", () => {
    useCpuBackend();
    testManifest(architecture, "architecture");

    test("a configuration that is none is refused with one of our errors", () => {
      for (const json of [null, 5, [], { hidden_size: "many" }]) {
        expect(
          errorOf(() => architecture.parseConfig(json)),
          JSON.stringify(json),
        ).toSatisfy((error) => BloraError.isInstance(error));
      }
    });

    test("every site is a weight of its shape among the parameters, under its own path", () => {
      const config = architecture.parseConfig(fixture.config);
      const sites = architecture.sites(config);
      expect(new Set(sites.map((site) => site.path)).size).toBe(sites.length);
      for (const role of architecture.defaultTargets) expect(sites.map((site) => site.role)).toContain(role);
      for (const head of heads) {
        const specs = architecture.parameters(config, head);
        expect(new Set(specs.map((spec) => spec.name)).size).toBe(specs.length);
        for (const { path, inFeatures, outFeatures } of sites) {
          const weight = specs.find((spec) => spec.name === `${path}.weight`);
          expect(weight?.shape, path).toEqual([outFeatures, inFeatures]);
        }
      }
    });

    test("the longest text it takes is a whole number of tokens", () => {
      const length = architecture.maxLength(architecture.parseConfig(fixture.config));
      expect(Number.isInteger(length) && length > 0, `${length}`).toBe(true);
    });

    const { languageModel } = architecture;
    if (languageModel !== undefined) testLanguageModel(architecture, languageModel, fixture.config, texts, padding);

    for (const head of heads) {
      describe(head.kind, () => {
        const lengths = texts.map((text) => text.length);
        const longest = Math.max(...lengths);
        const setUp = () => createRandomModel(architecture, fixture.config, head);
        /** One row of logits a text: of the token at its position, where every token has some. */
        const answers = (model: RandomModel<Config>, batch: Batch, adapt?: Adapt): Tensor => {
          const logits = model.forward(batch, adapt);
          if (head.kind !== "token-classification") return logits;
          const [B, T, C] = logits.shape as [number, number, number];
          return ops.gather(ops.reshape(logits, [B * T, C]), batch.positions!);
        };
        const positions = (length: number) => texts.map((text, row) => row * length + Math.min(1, text.length - 1));

        test("logits are finite, in the head's shape, and the same every time", () => {
          const model = setUp();
          const batch = toBatch(texts, longest, padding, positions(longest));
          const logits = model.forward(batch);
          if (head.kind === "token-classification") {
            expect(logits.shape).toEqual([texts.length, longest, head.labels.length]);
          } else if (head.kind === "classification") expect(logits.shape).toEqual([texts.length, head.labels.length]);
          else if (head.kind === "regression") expect(logits.shape).toEqual([texts.length, 1]);
          else expect(logits.shape[0]).toBe(texts.length);
          for (const value of Array.from(valuesOf(logits))) expect(Number.isFinite(value)).toBe(true);
          expect(valuesOf(model.forward(batch))).toEqual(valuesOf(logits));
        });

        test("different texts give different logits", () => {
          const logits = answers(setUp(), toBatch(texts, longest, padding, positions(longest)));
          const rows = hostRows(logits).map((row) => row.map((value) => value.toFixed(6)).join());
          expect(new Set(rows).size).toBe(texts.length);
        });

        test("padding a text further does not change its logits", () => {
          const model = setUp();
          const tight = answers(model, toBatch(texts, longest, padding, positions(longest)));
          const loose = answers(model, toBatch(texts, longest + 5, padding, positions(longest + 5)));
          expectAllClose(loose, tight, TOLERANCE);
        });

        test("a text alone has the logits it has in a batch", () => {
          const model = setUp();
          const rows = hostRows(answers(model, toBatch(texts, longest, padding, positions(longest))));
          for (const [row, text] of texts.entries()) {
            const alone = answers(model, toBatch([text], text.length, padding, [Math.min(1, text.length - 1)]));
            expectAllClose(alone, rows[row]!, TOLERANCE);
          }
        });

        test("every site goes through `linear`, with its own widths, and matters to the logits", () => {
          const model = setUp();
          const batch = toBatch(texts, longest, padding, positions(longest));
          const { sites } = model;
          const seen = new Set<string>();
          const { gradients } = valueAndGradients(
            (...offsets) => {
              const logits = answers(model, batch, (path, x, plain) => {
                const index = sites.findIndex((site) => site.path === path);
                if (index < 0) return plain;
                expect(x.shape.length, `${path} takes rows`).toBe(2);
                expect(x.shape[1], `${path} takes I columns`).toBe(sites[index]!.inFeatures);
                seen.add(path);
                return ops.add(plain, offsets[index]!);
              });
              return ops.sum(ops.square(ops.sub(logits, 0.5)));
            },
            sites.map((site) => {
              const values = normalValues({ seed: 2, step: 0, path: site.path }, site.outFeatures, 0.05);
              return ops.tensor(values);
            }),
          );
          expect([...seen].sort()).toEqual(sites.map((site) => site.path).sort());
          for (const [index, gradient] of gradients.entries()) {
            const values = Array.from(valuesOf(gradient));
            expect(values.every(Number.isFinite), `gradient at ${sites[index]!.path}`).toBe(true);
            // A key's offset may cancel in the softmax, so rounding noise is all it is allowed to be.
            expect(
              values.some((value) => value !== 0),
              `gradient at ${sites[index]!.path}`,
            ).toBe(true);
          }
        });

        test("it uses every parameter it lists, and no other", () => {
          const model = setUp();
          answers(model, toBatch(texts, longest, padding, positions(longest)));
          expect([...model.used].sort()).toEqual(model.names.toSorted());
        });
      });
    }
  });
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
