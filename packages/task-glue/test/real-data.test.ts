import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type GlueTaskName, glue } from "../src/index.ts";

const data = process.env.BLORA_DATA;
const root = join(data ?? "", "glue");

/** Task, split or file, rows, and rows by label where that is published. */
const FILES: readonly [task: GlueTaskName, split: string, rows: number, byLabel?: readonly number[]][] = [
  ["cola", "train", 8551],
  ["cola", "validation", 1043, [322, 721]],
  ["cola", "test", 1063],
  ["sst2", "train", 67349],
  ["sst2", "validation", 872, [428, 444]],
  ["sst2", "test", 1821],
  ["mrpc", "train", 3668],
  ["mrpc", "validation", 408, [129, 279]],
  ["mrpc", "test", 1725],
  ["stsb", "train", 5749],
  ["stsb", "validation", 1500],
  ["stsb", "test", 1379],
  ["rte", "train", 2490],
  ["rte", "validation", 277, [146, 131]],
  ["rte", "test", 3000],
  ["wnli", "train", 635],
  ["wnli", "validation", 71],
  ["wnli", "test", 146],
  ["mnli", "dev_matched", 9815, [3479, 3123, 3213]],
  ["mnli", "dev_mismatched_gold_subset.tsv", 998],
  ["mnli", "train_subset.tsv", 9999],
  ["mnli", "train_official_columns_sample.tsv", 48],
  ["qqp", "train_subset.tsv", 27868],
  ["qqp", "dev_heldout_from_train.tsv", 5000, [3144, 1856]],
  ["ax", "test", 1104],
];

describe.skipIf(data === undefined)("real GLUE files", () => {
  test.each(FILES)("%s %s has %i rows, each with its texts and label", async (name, split, rows, byLabel) => {
    const task = glue({ task: name });
    const { examples, notes } = await task.load(split, root);
    expect(examples).toHaveLength(rows);
    expect(notes).toEqual([]);
    const labels = examples.flatMap(({ label }) => (label === undefined ? [] : [label]));
    expect(labels).toHaveLength(split === "test" ? 0 : rows);
    if (byLabel !== undefined) {
      expect(byLabel.map((_, index) => labels.filter((label) => label === index).length)).toEqual(byLabel);
    }
  });

  test("the author's own MNLI labels are not taken for gold", async () => {
    const split = await glue({ task: "mnli" }).load("dev_mismatched_author_label.tsv", root);
    expect(split.examples).toHaveLength(9832);
    expect(split.examples.filter(({ label }) => label !== undefined)).toHaveLength(998);
  });
});
