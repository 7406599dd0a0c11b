import { type Tensor, valueAndGradients } from "@blora/tensor";
import { expectAllClose, type Numbers, useCpuBackend, valuesOf } from "@blora/testing";
import { describe, expect, it } from "vitest";
import { debertaV2 } from "../src/index.ts";
import { forwardInputs, meanLoss, optionSetNames, readOptionSet, toBatch } from "./fixtures.ts";

// Tighter than the 1e-4 asked for: the largest difference found is 1.3e-6.
const tolerance = { relative: 1e-4, absolute: 1e-5 };

describe.each(optionSetNames())("the option set %s", (name) => {
  useCpuBackend();

  it("gives Hugging Face's logits, and its gradients of every adapted linear map", () => {
    const set = readOptionSet(name);
    const architecture = debertaV2();
    const paths = architecture.sites(architecture.parseConfig(set.json)).map(({ path }) => path);
    const keys = paths.flatMap((path) => [`${path}/A`, `${path}/B`]);
    expect(keys.length).toBe([...set.expected.keys()].filter((key) => key.startsWith("adapter/")).length);

    for (const [title, batch] of Object.entries(set.cases)) {
      let logits: Numbers = [];
      const { value, gradients } = valueAndGradients(
        (...tensors) => {
          const matrices = new Map(keys.map((key, index) => [key, tensors[index]!]));
          const result = architecture.forward(forwardInputs(architecture, set, toBatch(batch), matrices));
          logits = Float32Array.from(valuesOf(result));
          return meanLoss(set.head, result, batch.labels);
        },
        keys.map((key) => set.expected.get(`adapter/${key}`)!),
      );
      const expected = (key: string): Tensor => set.expected.get(`${title}/${key}`)!;
      expectAllClose(logits, expected("logits"), tolerance);
      expectAllClose(value, expected("loss"), tolerance);
      for (const [index, key] of keys.entries())
        expectAllClose(gradients[index]!, expected(`gradient/${key}`), tolerance);
    }
  });
});
