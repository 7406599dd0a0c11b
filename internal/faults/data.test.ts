import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readAdapter } from "@blora/adapters";
import { readRecords, readTable } from "@blora/data";
import { bert } from "@blora/model-bert";
import { openNetwork } from "@blora/network";
import { glue } from "@blora/task-glue";
import { loadTokenizer } from "@blora/tokenizer";
import { evaluate, train } from "@blora/trainer";
import { openCheckpoint, readTensors, requireVocabulary } from "@blora/weights";
import { parquetWriteFile } from "hyparquet-writer";
import { expect } from "vitest";
import { letterExamples, letterTask, plainLora } from "../../packages/trainer/test/tiny-problem.ts";
import { recorder, TINY_ARGUMENTS, tinyRun } from "../../packages/trainer/test/tiny-run.ts";
import { writeTinyBert } from "../tiny-models/tiny-bert.ts";
import { fault, refusal } from "./fault.ts";

/** Writes a file of `folder`; gives its path. */
function put(folder: string, name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** What loading a split of a task comes to that ends in an error. */
const refusedSplit = (folder: string, task: Parameters<typeof glue>[0], split = "train"): Promise<string> =>
  refusal(() => glue(task).load(split, folder));

const MNLI_HEADER = "index\tsentence1\tsentence2\tlabel1\tgold_label\n";

fault(24, "archives in place of folders, file names that leave one, and bombs of gzip and parquet", async (folder) => {
  const archive = put(folder, "adapter.zip", Buffer.from("PK\x03\x04../../evil.txt"));
  expect(await refusal(() => readAdapter(archive))).toContain(`${archive}: expected a trained adapter`);
  expect(await refusedSplit(archive, { task: "sst2" })).toContain(`The data folder ${archive} cannot be read`);
  expect(await refusedSplit(folder, { task: "sst2" }, "../train.tsv")).toContain("found the path ../train.tsv");
  const bomb = gzipSync(Buffer.alloc(2 ** 28), { level: 9 });
  const came = await refusal(() => readTable(put(folder, "train.csv.gz", bomb)));
  expect(came).toBe(
    `InvalidInputError: ${folder}/train.csv.gz: expected gzipped text of at most ${200 * bomb.length} bytes, ` +
      `found more in a file of ${bomb.length}. Unzip it, or cut it into shards.`,
  );
  const honest = gzipSync(`sentence\tlabel\n${"a good film\t1\n".repeat(1_000_000)}`);
  expect((await readTable(put(folder, "train.tsv.gz", honest))).rows).toHaveLength(1_000_000);
  const parquet = join(folder, "train.parquet");
  const column = { name: "sentence", type: "STRING" as const };
  parquetWriteFile({ filename: parquet, columnData: [{ ...column, data: new Array(2 ** 21).fill("a") }] });
  const rows = await refusal(() => readTable(parquet));
  expect(rows).toMatch(/expected parquet of at most 1048576 rows, found 2097152 in a file of \d{2,6} bytes/);
  const GZIP = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 9 });
  const data = ["a".repeat(2 ** 26)];
  parquetWriteFile({ filename: parquet, columnData: [{ ...column, data }], codec: "GZIP", compressors: { GZIP } });
  const pages = await refusal(() => readTable(parquet));
  expect(pages).toMatch(/expected parquet of at most \d{8} bytes of values, found 6710\d{4} in a file of \d{5} bytes/);
  parquetWriteFile({ filename: parquet, columnData: [{ ...column, data: ["a", null] }], codec: "UNCOMPRESSED" });
  const file = readFileSync(parquet);
  // What says which values are there, before the length of the text: 2²³ of them in one run.
  Buffer.from([0x80, 0x80, 0x80, 8]).copy(file, file.indexOf(Buffer.from([3, 1, 1, 0, 0, 0, "a".charCodeAt(0)])));
  const run = await refusal(() => readTable(put(folder, "run.parquet", file)));
  expect(run).toMatch(/expected parquet of at most 1048576 rows, found 8388608 in a run in a file of \d{2,4} bytes/);
  return `no archive is unpacked; ${came} ${rows} ${pages} ${run}`;
});

fault(28, "a split without rows, and one whose every row is left out", async (folder) => {
  put(folder, "train.tsv", "sentence\tlabel\n");
  expect(await refusedSplit(folder, { task: "sst2" })).toBe(
    `InvalidInputError: ${folder}/train.tsv: expected rows, found none.`,
  );
  put(folder, "train.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\n3\t4\n");
  const came = await refusedSplit(folder, { task: "qqp" });
  expect(came).toBe(
    `InvalidInputError: ${folder}/train.tsv: expected rows, found none: all 2 were left out because they are cut short.`,
  );
  return came;
});

fault(29, "8 rows in batches of 32", async (folder) => {
  const task = letterTask({ train: letterExamples(8, "train") });
  const { events, onEvent } = recorder();
  const args = { ...TINY_ARGUMENTS, perDeviceTrainBatchSize: 32, numTrainEpochs: 2 };
  const { steps } = await train(tinyRun(join(folder, "run"), { task, onEvent, arguments: args }));
  const warning =
    "train has 8 rows, fewer than one batch (perDeviceTrainBatchSize 32): 75.0 % of every step is computed for nothing.";
  expect(events).toContainEqual({ type: "warning", message: warning });
  expect(steps).toBe(2);
  // Before anything is trained, and to the same weights as in batches of 8: rows that fill a batch up count for nothing.
  const kinds = events.map(({ type }) => type);
  expect(kinds.indexOf("warning")).toBeLessThan(kinds.indexOf("step"));
  const exact = { ...args, perDeviceTrainBatchSize: 8 };
  await train(tinyRun(join(folder, "exact"), { task, arguments: exact }));
  const adapterOf = (run: string) => readTensors(join(folder, run, "adapter", "adapter_model.safetensors"));
  const [padded, whole] = [adapterOf("run"), adapterOf("exact")];
  expect([...padded.keys()]).toEqual([...whole.keys()]);
  for (const [name, { values }] of padded) {
    const expected = whole.get(name)!.values;
    for (const [index, value] of values.entries()) expect(value, name).toBeCloseTo(expected[index]!, 5);
  }
  return `no batch is ever dropped, so there is no run of 0 steps to refuse: ${steps} steps are made, to the weights of batches of 8, and a warning: ${warning}`;
});

fault(30, "labels 2 and -2 of a task of two classes", async (folder) => {
  put(folder, "train.tsv", "sentence\tlabel\ngood\t1\nbad\t-2\n");
  expect(await refusedSplit(folder, { task: "sst2" })).toContain(
    'train.tsv, row 3: expected a label (negative, positive or 0 to 1), found "-2".',
  );
  put(folder, "train.tsv", "sentence\tlabel\ngood\t1\nbad\t2\n");
  const came = await refusedSplit(folder, { task: "sst2" });
  expect(came).toBe(
    `InvalidInputError: ${folder}/train.tsv, row 3: expected a label (negative, positive or 0 to 1), found "2".`,
  );
  return came;
});

fault(31, "a test split with labels of -1, evaluated and submitted", async (folder) => {
  put(
    folder,
    "test.jsonl",
    '{"sentence1":"a","sentence2":"b","label":-1}\n{"sentence1":"c","sentence2":"d","label":1}',
  );
  const { examples } = await glue({ task: "rte" }).load("test", folder);
  expect(examples.map(({ label }) => label)).toEqual([undefined, undefined]);
  const unlabelled = letterExamples(3, "test").map(({ label: _, ...example }) => example);
  const { splits } = await evaluate({
    ...tinyRun(folder, { task: letterTask({ test: unlabelled }) }),
    splits: ["test"],
  });
  expect(splits.test).toMatchObject({ rows: 3, loss: undefined, scores: undefined });
  const { submission } = glue({ task: "rte" });
  const fileName = submission!.fileName("test");
  const content = submission!.content(Float32Array.of(1, 0, 0, 1));
  expect([fileName, content]).toEqual(["RTE.tsv", "index\tprediction\n0\tentailment\n1\tnot_entailment\n"]);
  return `no score is given, and ${fileName} reads ${JSON.stringify(content)}`;
});

fault(32, "labels in another order, in data, between adapter and task, and against the text", async (folder) => {
  put(folder, "dev_matched.tsv", `${MNLI_HEADER}0\ta\tb\tneutral\tcontradiction\n1\ta\tb\tneutral\tentailment\n`);
  const { examples } = await glue({ task: "mnli" }).load("validation_matched", folder);
  expect(examples.map(({ label }) => label)).toEqual([2, 0]);

  const method = plainLora({ rank: 4, dropout: 0 });
  const flipped = letterExamples(60, "validation").map((row) => ({ ...row, label: 1 - row.label! }));
  const task = letterTask({ train: letterExamples(240, "train"), validation: flipped });
  const out = join(folder, "run");
  const args = { ...TINY_ARGUMENTS, maxSteps: 200, evalSteps: 200 };
  const { warnings } = await train(tinyRun(out, { task, method, arguments: args }));
  expect(warnings).toEqual([
    expect.stringMatching(
      /^accuracy on validation is 0\.\d{4}, below the 0\.\d{4} of always giving the most frequent answer: .*its labels are in another order\.$/,
    ),
  ]);

  const swapped = { ...letterTask(), head: { kind: "classification", labels: ["odd", "even"] } as const };
  const came = await refusal(() =>
    evaluate({ ...tinyRun(out, { task: swapped, method }), adapterDirectory: join(out, "adapter") }),
  );
  expect(came).toBe(
    `InvalidInputError: ${out}/adapter: expected an adapter for the labels odd, even, found one for the labels even, odd.`,
  );
  const base = join(folder, "base");
  writeTinyBert(base, { labels: 2 });
  const bias = (): number[] => {
    const head = { kind: "classification", labels: ["no", "yes"] } as const;
    return [...openNetwork(bert(), openCheckpoint(base), "base").tensors(head).read("classifier.bias")!];
  };
  const asStored = bias();
  const config = JSON.parse(readFileSync(join(base, "config.json"), "utf8")) as object;
  put(base, "config.json", JSON.stringify({ ...config, id2label: { 0: "YES", 1: "NO" } }));
  expect(bias()).toEqual([...asStored].reverse());
  put(base, "config.json", JSON.stringify({ ...config, id2label: { 0: "yes", 1: "maybe" } }));
  const shared = await refusal(bias);
  expect(shared).toContain("base: expected a head for the labels no, yes, found one for yes, maybe in id2label");
  return `${came} ${warnings[0]} A trained head is taken by the names of its labels; ${shared}`;
});

fault(33, "STS-B scores that are no numbers from 0 to 5", async (folder) => {
  const scores = ["5.2", "high", "-0.5", " ", "1e999", "NaN"];
  const came = [];
  for (const score of scores) {
    put(folder, "train.tsv", `sentence1\tsentence2\tscore\na\tb\t1\na\tb\t${score}\n`);
    came.push(await refusedSplit(folder, { task: "stsb" }));
  }
  expect(came).toEqual(
    scores.map(
      (score) =>
        `InvalidInputError: ${folder}/train.tsv, row 3: expected a score from 0 to 5, found ${JSON.stringify(score)}.`,
    ),
  );
  return came[0]!;
});

fault(34, "quotes that open and never close in a TSV file", async (folder) => {
  put(folder, "dev.tsv", 'sentence\tlabel\n"a good film\t1\na "bad one\t0\n"" fine\t1\n');
  const { examples, notes } = await glue({ task: "sst2" }).load("validation", folder);
  expect(examples.map(({ first }) => first)).toEqual(['"a good film', 'a "bad one', '"" fine']);
  expect(notes).toEqual(["validation has 3 rows; the official split has 872."]);
  return `3 rows, quotes kept as text; ${notes[0]}`;
});

fault(35, "rows with a cell too few and too many, and a column that is not there", async (folder) => {
  for (const row of ["good", "good\t1\t2"]) {
    put(folder, "train.tsv", `sentence\tlabel\ngood\t1\n${row}\n`);
    expect(await refusedSplit(folder, { task: "sst2" })).toBe(
      `InvalidInputError: ${folder}/train.tsv, row 3: expected 2 tab-separated cells (sentence, label), found ${row.split("\t").length}.`,
    );
  }
  put(folder, "dev.tsv", "sentence\tscore\ngood\t1\n");
  expect(await refusedSplit(folder, { task: "sst2" }, "dev")).toContain(
    "expected a label column named label, found the columns sentence, score",
  );
  return refusedSplit(folder, { task: "sst2" });
});

fault(36, "a byte order mark, CRLF, U+2028, a lone carriage return and NUL", async (folder) => {
  const cell = "one\u2028two\rthree\u0000\u0085four";
  put(folder, "train.tsv", `\uFEFFsentence\tlabel\r\n${cell}\t1\r\n`);
  const { examples } = await glue({ task: "sst2" }).load("train", folder);
  expect(examples).toEqual([{ first: cell, label: 1, origin: `${folder}/train.tsv, row 2` }]);
  const rows = await readRecords(put(folder, "a.jsonl", `\uFEFF{"text":"a\u2028b"}\r\n{"text":"c\\u0000"}`));
  expect(rows.map(({ fields }) => fields.text)).toEqual(["a\u2028b", "c\0"]);
  return `1 row with its columns by name, and the text as it stands: ${JSON.stringify(cell)}`;
});

fault(37, "empty texts, and texts longer than maxSeqLength", async (folder) => {
  const rows = [
    ...letterExamples(8, "train"),
    { first: "a".repeat(40), label: 0, origin: "train.tsv:9" },
    { first: " ", label: 0, origin: "train.tsv:10" },
  ];
  const blank = { ...letterTask({ train: rows }) };
  const tokens = tinyRun("unused").tokenizer;
  const tokenizer = { ...tokens, encode: (text: string) => tokens.encode(text.trim()) };
  const { events, onEvent } = recorder();
  await train(
    tinyRun(join(folder, "run"), { task: blank, tokenizer, onEvent, arguments: { ...TINY_ARGUMENTS, maxSteps: 1 } }),
  );
  const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  expect(warnings.slice(0, 2)).toEqual([
    "10.0 % of the training texts are longer than 24 tokens (maxSeqLength) and were cut.",
    "1 of 10 training rows has a blank text.",
  ]);
  return warnings.slice(0, 2).join(" ");
});

fault(38, "a tokenizer of another model", async (folder) => {
  writeTinyBert(folder);
  const tokenizer = await loadTokenizer(folder);
  const golden = JSON.parse(readFileSync(new URL("../../fixtures/wordpiece/golden.json", import.meta.url), "utf8"));
  expect(golden.texts.length).toBeGreaterThan(5);
  for (const { text, ids } of golden.texts) expect(tokenizer.encode(text), text).toEqual(ids);
  const config = { vocab_size: 100 };
  const came = await refusal(() => requireVocabulary(tokenizer, { config }, "tiny"));
  expect(came).toBe(
    "InvalidInputError: tiny: expected a tokenizer of at most 100 ids, the model's vocab_size, found one of 106. " +
      "6 tokens are more than the model's table has rows: remove added tokens, such as a padding token, from the tokenizer's files, " +
      "or take the tokenizer the model was trained with.",
  );
  return came;
});
