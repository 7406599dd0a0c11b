import type { Tokenizer } from "@blora/spec";
import { ops } from "@blora/tensor";
import { testTask, useCpuBackend } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { type GlueTaskName, glue, glueTaskNames } from "../src/index.ts";

describe.each(glueTaskNames)("%s", (task) => {
  testTask(glue({ task }), { load: false });
});

describe("loss", () => {
  useCpuBackend();

  test("is the cross entropy of each row", async () => {
    const logits = ops.tensor([
      [0, Math.log(3)],
      [2, 2],
    ]);
    const loss = glue({ task: "sst2" }).loss(logits, ops.tensor([0, 1], [2], "int32"));
    expect(loss.shape).toEqual([2]);
    const [first, second] = await loss.data();
    expect(first).toBeCloseTo(Math.log(4), 6);
    expect(second).toBeCloseTo(Math.log(2), 6);
  });

  test("is the squared error of each row for scores", async () => {
    const loss = glue({ task: "stsb" }).loss(ops.tensor([[1.5], [4]]), ops.tensor([2, 2]));
    expect(Array.from(await loss.data())).toEqual([0.25, 4]);
  });
});

describe("encoding", () => {
  const letters: Tokenizer = {
    vocabularySize: 128,
    special: { pad: 0, cls: 1, sep: 2, unknown: 3, mask: 4 },
    encode: (text) => [...text].map((letter) => letter.charCodeAt(0)),
    decode: (ids) => String.fromCharCode(...ids),
    assemble: (first, second, maxLength) => ({
      inputIds: [1, ...first, 2, ...(second === undefined ? [] : [...second, 2])].slice(0, maxLength),
      tokenTypeIds: [],
      truncated: first.length + (second?.length ?? 0) + 3 > maxLength,
    }),
  };

  test("hands both texts to the tokenizer and keeps the label", () => {
    const encoded = glue({ task: "rte" }).encode({ first: "A", second: "B", label: 1, origin: "x" }, letters, 10);
    expect(encoded).toEqual({ inputIds: [1, 65, 2, 66, 2], tokenTypeIds: [], truncated: false, label: 1 });
    const single = glue({ task: "sst2" }).encode({ first: "AB", origin: "x" }, letters, 4);
    expect(single).toMatchObject({ inputIds: [1, 65, 66, 2], truncated: true, label: undefined });
  });
});

describe("options", () => {
  test("an unknown task lists the known ones and suggests one", () => {
    expect(() => glue({ task: "mlni" as "mnli" })).toThrow(
      /task: must be one of cola, sst2, .* \(did you mean mnli.*\), found "mlni"/,
    );
    expect(() => glue({ task: JSON.parse('{"toString":1}') as "mnli" })).toThrow(
      /task: must be one of cola, .*, found \{/,
    );
    expect(() => glue({ task: "cola", evaluation: "dev" as never })).toThrow(/evaluation: .*, found "dev"/);
    expect(() => glue({ task: "cola", evalution: ["dev"] } as never)).toThrow('"evalution" (did you mean evaluation?)');
    expect(glue({ task: "cola" }).splits).toEqual({ train: "train", evaluation: ["validation"] });
  });

  test("every task makes a component that writes its manifest", () => {
    expect(glueTaskNames).toHaveLength(10);
    for (const task of glueTaskNames) {
      expect(JSON.parse(JSON.stringify(glue({ task })))).toEqual({ $plugin: "task/glue", options: { task } });
    }
  });
});

describe("submission", () => {
  test.each<[GlueTaskName, readonly string[], readonly string[], readonly number[], string]>([
    ["cola", ["test"], ["CoLA.tsv"], [0, 1], "0\t1\n"],
    ["sst2", ["test"], ["SST-2.tsv"], [0, 1, 1, 0], "0\t1\n1\t0\n"],
    ["mrpc", ["test"], ["MRPC.tsv"], [1, 0], "0\t0\n"],
    ["qqp", ["test"], ["QQP.tsv"], [0, 1], "0\t1\n"],
    ["stsb", ["test"], ["STS-B.tsv"], [-0.2, 2.5, 6, -0, 4.9996], "0\t0.000\n1\t2.500\n2\t5.000\n3\t0.000\n4\t5.000\n"],
    [
      "mnli",
      ["test_matched", "test_mismatched"],
      ["MNLI-m.tsv", "MNLI-mm.tsv"],
      [0, 1, 0, 0, 0, 1],
      "0\tneutral\n1\tcontradiction\n",
    ],
    ["qnli", ["test"], ["QNLI.tsv"], [0, 1], "0\tnot_entailment\n"],
    ["rte", ["test"], ["RTE.tsv"], [1, 0], "0\tentailment\n"],
    ["wnli", ["test"], ["WNLI.tsv"], [0, 1], "0\t1\n"],
    ["ax", ["test"], ["AX.tsv"], [1, 0, 0], "0\tentailment\n"],
  ])("%s", (task, splits, files, logits, rows) => {
    const { submission } = glue({ task });
    expect(submission!.splits).toEqual(splits);
    expect(splits.map((split) => submission!.fileName(split))).toEqual(files);
    expect(submission!.content(Float32Array.from(logits))).toBe(`index\tprediction\n${rows}`);
  });
});
