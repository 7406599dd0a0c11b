import type { EncodedExample, Head } from "@blora/spec";
import { expect, test } from "vitest";
import { dataWarnings } from "../src/data/data-warnings.ts";
import type { EncodedSplit } from "../src/data/encoded-split.ts";
import { onlyLabel, unlearnedLabels } from "../src/data/label-notes.ts";
import { cutNotes, scoreNotes } from "../src/data/split-notes.ts";

const CLASSES: Head = { kind: "classification", labels: ["bad", "good", "odd"] };

function splitOf(rows: readonly Partial<EncodedExample>[], name = "validation"): EncodedSplit {
  const full = rows.map((row) => ({ inputIds: [1], tokenTypeIds: [], truncated: false, label: undefined, ...row }));
  return {
    name,
    rows: full,
    truncatedShare: full.filter(({ truncated }) => truncated).length / full.length,
    blankRows: 0,
    unreadWords: 0,
    firstUnlabelled: "rows.csv, row 3",
    notes: ["from the task"],
  };
}

test("texts that were cut are counted of every split, and those with nothing left", () => {
  const split = splitOf([{ truncated: true, targets: [] }, { truncated: true, targets: [0] }, { targets: [0] }, {}]);
  expect(cutNotes(split, 64, "score")).toEqual([
    "50.0 % of the texts of validation are longer than 64 tokens (maxSeqLength) and were cut.",
    "1 of 4 texts of validation has no token left to score, so that they were left out.",
  ]);
  expect(cutNotes(split, 64, "learn")[0]).toBe(
    "50.0 % of the training texts are longer than 64 tokens (maxSeqLength) and were cut.",
  );
  expect(cutNotes(splitOf([{}, {}]), 64, "score")).toEqual([]);
});

test("answers that are learned without their end are counted", () => {
  const limits = {
    maxSeqLength: 64,
    perDeviceTrainBatchSize: 1,
    maxTrainSamples: undefined,
    maxEvalSamples: undefined,
  };
  const split = splitOf(
    [
      { truncated: true, targets: [0], cutAnswer: true },
      { truncated: true, targets: [0] },
    ],
    "train",
  );
  expect(dataWarnings(split, [], { kind: "language-model" }, limits)).toEqual([
    "from the task",
    "100.0 % of the training texts are longer than 64 tokens (maxSeqLength) and were cut.",
    "1 of 2 training texts are cut within an answer, which is learned without the token that ends it: such a model can fail to stop. Raise maxSeqLength, or leave them out.",
  ]);
});

test("rows without a label are named where others have one", () => {
  expect(scoreNotes(splitOf([{ label: 0 }, {}, { label: 1 }]), 64)).toEqual([
    "from the task",
    "1 of 3 rows of validation has no label, so that none is scored. The first is rows.csv, row 3: give it one, or leave it out.",
  ]);
  expect(scoreNotes(splitOf([{}, {}]), 64)).toEqual(["from the task"]);
});

test.each<[Head, readonly Partial<EncodedExample>[], readonly string[]]>([
  [CLASSES, [{ label: 1 }, { label: 1 }], ["No row of train has the labels bad, odd: they cannot be learned."]],
  [CLASSES, [{ label: 0 }, { label: 2 }], ["No row of train has the label good: it cannot be learned."]],
  [CLASSES, [{ label: 0 }, { label: 2 }, { label: 1 }], []],
  [
    { ...CLASSES, several: true } as Head,
    [{ labels: [0, 1, 0] }, { labels: [1, 1, 0] }],
    ["No row of train has the label odd: it cannot be learned."],
  ],
  [
    { kind: "token-classification", labels: ["O", "B"] },
    [{ labels: [0, 0] }],
    ["No row of train has the label B: it cannot be learned."],
  ],
  [{ kind: "regression" }, [{ label: 0.5 }], []],
])("labels that training lacks: %j", (head, rows, notes) => {
  expect(unlearnedLabels(splitOf(rows, "train"), head, undefined)).toEqual(notes);
});

test("what takes rows from the start is named", () => {
  expect(unlearnedLabels(splitOf([{ label: 0 }, { label: 1 }], "train"), CLASSES, 2)).toEqual([
    "No row of train has the label odd: it cannot be learned. maxTrainSamples takes rows from the start of the file: shuffle it.",
  ]);
});

test("an evaluation of one label tells nothing apart", () => {
  expect(onlyLabel(splitOf([{ label: 1 }, { label: 1 }]), CLASSES, 5)).toEqual([
    "Every row of validation has the label good: a score on it does not tell labels apart. maxEvalSamples takes rows from the start of the file: shuffle it.",
  ]);
  expect(onlyLabel(splitOf([{ label: 1 }, { label: 0 }]), CLASSES, 5)).toEqual([]);
});
