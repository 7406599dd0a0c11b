import { gzipSync } from "node:zlib";
import { readRecords, readTable } from "@blora/data";
import { classify, understandData } from "@blora/task-classify";
import { glue } from "@blora/task-glue";
import { instruct } from "@blora/task-instruct";
import { readQuestions } from "../../../packages/task-mmlu/src/read-questions.ts";
import type { Target } from "../target.ts";
import { fixture } from "./fixture.ts";

const CSV = 'text,label\n"a, b",1\n"say ""c""",0\nd,1\n';
const TSV = "text\tlabel\na b\t1\nc\t0\n";
const JSONL = '{"text":"a","label":1}\n{"text":"b","label":0}\n';
const CHAT = {
  messages: [
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
  ],
};
const CELLS = [
  ",",
  "\t",
  '"',
  '""',
  "\n",
  "\r\n",
  "\r",
  "\ufeff",
  "text",
  "label",
  "\u2028",
  "\0",
  "\xff",
  "1",
  "nan",
  "{",
  "}",
  "[",
  "]",
];

const table = (name: string, file: string, seeds: () => readonly (string | Uint8Array)[], tried: number): Target => ({
  name,
  names: file,
  words: CELLS,
  tried,
  seeds,
  read: (bytes, place) => readTable(place.write(file, bytes)),
});

const records = (name: string, file: string, seeds: readonly string[], json: boolean): Target => ({
  name,
  names: file,
  words: CELLS,
  json,
  tried: 2000,
  seeds: () => seeds,
  read: (bytes, place) => readRecords(place.write(file, bytes)),
});

const parquetFiles = (): Buffer[] => [
  fixture("mmlu/test-00000-of-00001.parquet"),
  fixture("mmlu/train-00000-of-00001.parquet"),
];

const glueFile = (task: "cola" | "mrpc" | "stsb" | "mnli", seed: string): Target => ({
  name: `glue-${task}`,
  names: "train.tsv",
  words: CELLS,
  tried: 2000,
  seeds: () => [seed],
  read(bytes, place) {
    place.write("train.tsv", bytes);
    return glue({ task }).load("train", place.folder);
  },
});

const MMLU_ROW = { question: "a?", subject: "anatomy", choices: ["a", "b", "c", "d"], answer: 1 };

const mmlu = (name: string, file: string, seed: string, json: boolean): Target => ({
  name,
  names: file,
  words: [...CELLS, "question", "choices", "answer", "subject", "train", "A", "D"],
  json,
  tried: 2000,
  seeds: () => [seed],
  read: (bytes, place) => readQuestions(place.write(file, bytes)),
});

const instructions: Target = {
  name: "instruct-json",
  names: "train.json",
  words: [
    ...[
      "messages",
      "role",
      "content",
      "user",
      "assistant",
      "system",
      "tool",
      "prompt",
      "completion",
      "conversations",
      "from",
    ],
    ...[
      "value",
      "human",
      "gpt",
      "tools",
      "tool_calls",
      "function",
      "arguments",
      "instruction",
      "input",
      "output",
      "text",
      "name",
    ],
  ],
  json: true,
  tried: 340,
  seeds: () =>
    [
      [{ prompt: "a", completion: "b" }],
      [CHAT],
      [{ ...CHAT, tools: [{ type: "function", function: { name: "f", parameters: {} } }] }],
      [
        {
          messages: [
            { role: "user", content: "a" },
            { role: "assistant", tool_calls: [{ type: "function", function: { name: "f", arguments: "{}" } }] },
            { role: "tool", content: "b" },
          ],
        },
      ],
      [
        {
          conversations: [
            { from: "human", value: "a" },
            { from: "gpt", value: "b" },
          ],
        },
      ],
      [{ instruction: "a", input: "", output: "b" }],
    ].map((seed) => JSON.stringify(seed)),
  read(bytes, place) {
    place.write("train.json", bytes);
    return instruct().load("train", place.folder);
  },
};

const ownTable: Target = {
  name: "classify-csv",
  names: "train.csv",
  words: CELLS,
  tried: 340,
  seeds: () => [CSV, "sentence1,sentence2,score\na,b,0.5\nc,d,1.25\n"],
  async read(bytes, place) {
    const file = place.write("train.csv", bytes);
    const { options } = await understandData(file);
    const task = classify(options);
    for (const split of ["train", "validation"]) await task.load(split, file);
  },
};

export const tableTargets: readonly Target[] = [
  table("csv", "data.csv", () => [CSV], 2000),
  table("tsv", "data.tsv", () => [TSV], 2000),
  table("gzip", "data.csv.gz", () => [gzipSync(CSV), gzipSync(CSV, { level: 0 }), gzipSync("")], 640),
  table("parquet", "data.parquet", parquetFiles, 340),
  records("jsonl", "data.jsonl", [JSONL, '{"a":[1,{"b":null}]}\n'], true),
  records("json-array", "data.json", [JSON.stringify([{ a: 1 }, { a: [2] }], null, 1), JSONL], true),
  glueFile("cola", "s1\t1\t\ta b\ns2\t0\t*\tc d\n"),
  glueFile("mrpc", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t1\t2\ta\tb\n0\t3\t4\tc\td\n"),
  glueFile(
    "stsb",
    "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n0\ta\tb\t1\t1\tc\td\te\tf\t2.5\n",
  ),
  glueFile(
    "mnli",
    "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label\n0\t1\t2\ta\tb\tc\td\te\tf\tg\tneutral\tneutral\n",
  ),
  mmlu("mmlu-csv", "anatomy_test.csv", 'a?,b,c,d,e,B\n"q, r",1,2,3,4,D\n', false),
  mmlu("mmlu-json", "anatomy.json", JSON.stringify([MMLU_ROW, { train: { ...MMLU_ROW, answer: "C" } }]), true),
  instructions,
  ownTable,
];
