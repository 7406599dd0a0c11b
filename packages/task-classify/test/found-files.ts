import { dataFolder } from "./folder.ts";

const jsonl = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row));
/** Files as they are found, each with one thing that is to be understood. */
export const folder: string = dataFolder({
  "stars.csv": ["Review,Stars", "Good,5", "Bad,1", "Good again,5", "So so,10"],
  "pairs.tsv": ["id\tpremise\thypothesis\tgold_label", "1\tA\tB\tneutral", "2\tC\tD\tentailment", "3\tE\tF\tneutral"],
  "similar.jsonl": jsonl([
    { sentence1: "a", sentence2: "b", score: 4.5 },
    { sentence1: "c", sentence2: "d", score: 0 },
  ]),
  "flags.jsonl": jsonl([
    { comment: "a", toxic: true },
    { comment: "b", toxic: false },
  ]),
  "amounts.csv": ["text,label", ...Array.from({ length: 30 }, (_, row) => `text ${row},${row}`)],
  "free.csv": ["text,label", ...Array.from({ length: 30 }, (_, row) => `text ${row},words ${row}`)],
  "decimal-commas.csv": ["text,label", ...Array.from({ length: 30 }, (_, row) => `text ${row},"${row},5"`)],
  "one-nan.csv": [
    "text,label",
    ...Array.from({ length: 30 }, (_, row) => `text ${row},${row === 4 ? "nan" : row / 4}`),
  ],
  "hexadecimal.csv": [
    "text,label",
    ...Array.from({ length: 60 }, (_, row) => `text ${row},0x${(row % 25).toString(16)}`),
  ],
  "alone.csv": ["text,label", "a,yes", "b,yes"],
  "row-numbers.csv": [",text", "0,a", "1,b"],
  "unnamed.csv": ["a,b,c", "1,2,3"],
  "nothing.csv": [],
  "page.csv": ["<!DOCTYPE html>", "<html></html>"],
  "headless.csv": ["a very good film,pos", "a very bad film,neg"],
  "binary.csv": ["%PDF-1.4\0\u0001", "x"],
  "semicolons.csv": ["text;label", "Maß 3,5;x"],
  "unlabelled.csv": ["text,label", "a,", "b,"],
  "bars.csv": ["text,label", "a,food|price", "b,price", "c,service |food", "d,service", "e,", "f,[]"],
  "bars-alone.csv": ["text,label", "a,x|y", "b,y", "c,|"],
  "commas.csv": ["text,label", 'a,"2,27"', "b,27", 'c,"2,3,10"', "d,3", "e,10"],
  "cities.csv": ["text,label", 'a,"Paris, France"', 'b,"Lyon, France"', 'c,"Nice, France"'],
  "lists.jsonl": jsonl([
    { text: "a", labels: ["x", "y"] },
    { text: "b", labels: [] },
    { text: "c", labels: ["y"] },
  ]),
  "lists.csv": ["text,label", 'a,"[""x"", ""y""]"', "b,[]", 'c,"[""y""]"'],
  "numpy.csv": ["text,label", "a,[0 2]", "b,[1]", "c,[0 1]"],
  "tuples.csv": ["text,label", "a,\"('x', 'y')\"", "b,\"('x',)\""],
  "sets.csv": ["text,label", "a,\"{'x', 'y'}\"", "b,{'x'}"],
  "arrays.csv": ["text,label", 'a,"{x,y}"', "b,{x}", "c,{y}"],
  "studio.csv": ["text,label", 'a,"{""choices"": [""x"", ""y""]}"', "b,x", "c,y"],
  "braces.csv": ["text,label", "a,{x}", "b,{y}"],
  "answers.csv": ["question,answer", "is it,yes", "was it,no"],
  "passages.csv": ["question,answer,passage", "is it,yes,It is.", "was it,no,It is."],
  "indexed.csv": ["Unnamed: 0,headline text,label", "0,a,x", "1,b,y"],
  "tickets.csv": ["id,text,team", "7,a,x", "9,b,y"],
  "ids.csv": ["id,text", ...Array.from({ length: 30 }, (_, row) => `${row},text ${row}`)],
  "filled.csv": ["label,text,,,", "x,a,,,", "y,b,,,"],
  "python.csv": ["text,label", "a,\"['x', 'y']\"", "b,['x']"],
  "mixed.csv": ["text,label", 'a,"[""x""]"', "b,y"],
  "holes.jsonl": jsonl([
    { text: "a", labels: ["x"] },
    { text: "b", labels: ["y", null] },
  ]),
  "same.jsonl": jsonl([
    { text: "a", labels: ["x", "y"] },
    { text: "b", labels: ["y", "x"] },
  ]),
  "brackets.csv": ["text,label", "a,[pos]", "b,[neg]"],
  "skewed.csv": ["text,label", ...["a", "a", "a", "a", "b", "b", "c"].map((label, row) => `text ${row},${label}`)],
  "several-hot.jsonl": jsonl([
    { text: "a", labels: [1, 0] },
    { text: "b", labels: [0, 0] },
  ]),
  "shares.jsonl": jsonl([
    { text: "a", labels: [0.9, 0.1] },
    { text: "b", labels: [0.2, 0.8] },
  ]),
  "numbered.jsonl": jsonl([
    { text: "a", labels: [3, 3, 0] },
    { text: "b", labels: [1, 0] },
  ]),
  // 2^53 and 2^53 + 1, which are one number to JSON.parse.
  "long-ids.jsonl": ['{"text":"a","label":9007199254740992}', '{"text":"b","label":9007199254740993}'],
  "alike.csv": [
    "text,label",
    ..."0 0.0 Yes yes 7 at-home at_home un\u200bseen unseen".split(" ").map((label) => `text ${label},${label}`),
  ],
  "unlike.csv": [
    "text,label",
    ..."9007199254740992 9007199254740993 A A- inf -inf \u2764 \u2764\ufe0f"
      .split(" ")
      .map((label) => `text ${label},${label}`),
  ],
  "no-values.csv": ["text,label", ..."pos neg NA nan -".split(" ").map((label) => `text ${label},${label}`)],
  "quoted.csv": ["text,label", '"a, with ""quotes""\nand lines",x', 'stray " quote,y'],
});
