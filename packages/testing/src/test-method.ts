import type { Component, LinearSite } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { createTestContext } from "./context.ts";
import { useCpuBackend } from "./cpu-backend.ts";
import { expectDescribed, expectValidUsage, priceOf } from "./method/method-described.ts";
import { expectEncoded } from "./method/method-encoded.ts";
import {
  type Adapters,
  evaluationContext,
  inputOf,
  outputValues,
  SEED,
  SITES,
  unsignedZeros,
} from "./method/method-pass.ts";
import { type MethodRun, newStore, recordRun } from "./method/method-run.ts";
import { testManifest } from "./test-manifest.ts";
import { valuesOf } from "./values.ts";

export interface MethodKitOptions {
  /** Whether `export` says all that evaluation computes. False where activations or the base weight are rounded too. Default true. */
  readonly exactExport?: boolean;
  /** Whether `artifacts.encode` gives codes at some time of a run. Default: whether there is one. */
  readonly encodes?: boolean;
  /** Steps of the run the kit trains, enough to pass through every phase. Default 40. */
  readonly steps?: number;
}

/** Registers the laws every method keeps, before, during and after a short run. Call it at the top level of a test file. */
export function testMethod(method: Component<"method">, options: MethodKitOptions = {}): void {
  const { exactExport = true, steps = 40, encodes = method.artifacts?.encode !== undefined } = options;
  /** A baseline may leave its sites untouched. */
  const adapts = Object.keys(method.init(SITES[0]!, SEED).parameters).length > 0;
  const base = (path: string) => newStore(method).base(path);
  /** Outputs of the base model by path. */
  const unadapted = (): Map<string, number[]> =>
    new Map(SITES.map((site) => [site.path, unsignedZeros(valuesOf(base(site.path).apply(inputOf(site))))]));
  const fresh: Adapters = new Map(SITES.map((site) => [site.path, method.init(site, SEED)]));
  let recorded: Promise<MethodRun> | undefined;
  const wholeRun = (): Promise<MethodRun> => {
    recorded ??= recordRun(method, steps);
    return recorded;
  };

  describe("method laws", () => {
    useCpuBackend();
    testManifest(method, "method");

    test("step 0 computes exactly the base model, in training too", () => {
      for (const context of [evaluationContext(), createTestContext("train")]) {
        const outputs = outputValues(method, fresh, base, context);
        expect(new Map(outputs)).toEqual(unadapted());
      }
    });

    test("starting values depend on the seed and the site alone", () => {
      const start = (site: LinearSite, seed: number): string => JSON.stringify(method.init(site, seed));
      expect(start(SITES[0]!, 1)).toBe(start(SITES[0]!, 1));
      expect(start(SITES[0]!, 1) !== start(SITES[0]!, 2)).toBe(adapts);
      expect(start({ ...SITES[0]!, path: "layer.1.query" }, 1) !== start(SITES[0]!, 1)).toBe(adapts);
    });

    test("at the start no matrix of the baseline costs more than there", () => {
      for (const site of SITES) {
        const baseline = method.baselineUsage(site);
        const start = method.usage(site, fresh.get(site.path)!);
        expectValidUsage(baseline);
        for (const { matrix } of baseline.matmuls) {
          expect(priceOf(start, matrix), matrix).toBeLessThanOrEqual(priceOf(baseline, matrix));
        }
      }
    });

    test("a whole run stays finite, trains every group, and is described and exported as it is evaluated", async () => {
      const { moments, phases } = await wholeRun();
      for (const adapters of moments) expectDescribed(method, adapters, base, exactExport);
      for (const [phase, { present, reached }] of phases) {
        expect([...reached].sort(), `groups with a gradient in phase "${phase}"`).toEqual([...present].sort());
      }
      const expected = unadapted();
      const learned = outputValues(method, moments.at(-1)!, base, evaluationContext()).some(([path, y]) =>
        y.some((value, index) => Math.abs(value - expected.get(path)![index]!) > 1e-3),
      );
      expect(learned, "the run changed the output of some site").toBe(adapts);
    });

    test("names an optimizer for every group of parameters of its own", async () => {
      for (const adapters of (await wholeRun()).moments) {
        for (const [name, { group }] of [...adapters.values()].flatMap(({ parameters }) =>
          Object.entries(parameters),
        )) {
          if (group !== "gates" && group !== "ranges") continue;
          expect(method.training?.optimizer?.[group]?.learningRate, `rate of ${group}, for ${name}`).toBeGreaterThan(0);
        }
      }
    });

    test("adapters prepared together compute what each prepared alone computes", async () => {
      // Equal noise, whatever shape it is asked for in.
      const training = createTestContext("train", { uniform: (_path, size) => Array<number>(size).fill(0.3) });
      for (const adapters of (await wholeRun()).moments) {
        for (const context of [training, evaluationContext()]) {
          const alone = SITES.flatMap((site) => outputValues(method, adapters, base, context, [site]));
          expect(outputValues(method, adapters, base, context), `outputs in ${context.mode} mode`).toEqual(alone);
        }
      }
    });

    if (method.artifacts?.encode !== undefined) {
      test("an adapter that was encoded and decoded evaluates, costs and exports the same to the last bit", async () => {
        const coded = (await wholeRun()).moments.map((adapters) => expectEncoded(method, adapters, base));
        expect(
          coded.some((count) => count > 0),
          "whether there were codes",
        ).toBe(encodes);
      });
    }

    test("the same run twice gives bitwise the same adapters", async () => {
      const text = ({ moments }: MethodRun): string => JSON.stringify([...moments.at(-1)!]);
      expect(text(await recordRun(method, steps))).toBe(text(await wholeRun()));
    });
  });
}
