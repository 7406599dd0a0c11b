import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeReviews, toCsv as reviewsCsv } from "../../../examples/own-data/src/reviews.ts";
import { predictionFormat } from "../src/output/prediction-format.ts";
import { predictionRows, predictionText, toCsv } from "../src/output/predictions.ts";
import { blora, requireBuild } from "./run-blora.ts";

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-own-data-"));
  writeFileSync(at("reviews.csv"), reviewsCsv(makeReviews(120, 1)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the reviews of the example are those its code makes", () => {
  const committed = readFileSync(new URL("../../../examples/own-data/reviews.csv", import.meta.url), "utf8");
  expect(committed).toBe(reviewsCsv(makeReviews(800, 1)));
});

describe("a file of one's own", () => {
  test("is understood, learned, scored and answered", async () => {
    const fast = ["--threads", "1", "--method", "lora", "--set", "maxSteps=4", "--set", "evalSteps=4"];
    const trained = await blora(["train", "--data", at("reviews.csv"), "--out", at("run"), ...fast]);
    expect([trained.status, trained.stderr.split("\n")[0]]).toEqual([
      0,
      "reviews.csv: 120 labelled rows; learns from the text in review which of 3 classes is in stars (1, 3, 5).",
    ]);
    expect(trained.stderr).toContain("12 of 120 training rows are held out for it (seed 42)");

    const scored = await blora(["eval", at("run"), "--data", at("reviews.csv"), "--threads", "1", "--json"]);
    const { splits } = JSON.parse(scored.stdout) as { splits: Record<string, { rows: number }> };
    expect(Object.entries(splits).map(([name, { rows }]) => [name, rows])).toEqual([["reviews.csv", 120]]);
    expect(scored.stderr).toContain(
      "reviews.csv is what the adapter was trained on: 108 of its rows were learned, so the score flatters. Those held out are scored with --split validation.",
    );

    writeFileSync(at("new.csv"), 'review\nThe lamp works perfectly.\n"Broken, sadly."\n');
    const predict = ["predict", at("run"), "--data", at("new.csv"), "--threads", "1"];
    const printed = await blora(predict);
    const lines = printed.stdout.trim().split("\n");
    expect(lines[0]).toBe("row,prediction,probability of 1,probability of 3,probability of 5");
    expect(lines).toHaveLength(3);
    for (const [index, line] of lines.slice(1).entries()) {
      const [, row, prediction, ...shares] = /^"(.*)",(\d),([\d.]+),([\d.]+),([\d.]+)$/.exec(line) ?? [];
      expect(row).toBe(`${at("new.csv")}, row ${index + 2}`);
      const likeliest = shares.indexOf([...shares].sort().at(-1)!);
      expect(prediction).toBe(["1", "3", "5"][likeliest]);
      expect(shares.reduce((sum, share) => sum + Number(share), 0)).toBeCloseTo(1, 5);
    }
    const texts = ["--text", "The lamp works perfectly.", "--text", "Broken, sadly."];
    const given = await blora(["predict", at("run"), ...texts, "--threads", "1"]);
    const sharesOf = (line: string): string => line.slice(line.lastIndexOf('"') + 1).replace(/^--text \d/, "");
    expect(given.stdout.trim().split("\n").map(sharesOf)).toEqual(lines.map(sharesOf));
    expect((await blora([...predict, "--out", at("predictions.csv")])).status).toBe(0);
    expect(readFileSync(at("predictions.csv"), "utf8")).toBe(printed.stdout);
    const again = await blora([...predict, "--out", at("predictions.csv")]);
    expect([again.status, again.stderr]).toEqual([
      1,
      `blora: ${at("predictions.csv")}: expected a file that is not there yet, found one. Nothing was written.\n`,
    ]);
  });

  test("is refused by flag, file and row, before anything is written", async () => {
    const train = (...args: string[]) => blora(["train", "--out", at("refused"), "--threads", "1", ...args]);
    const column = await train("--data", at("reviews.csv"), "--set", "task.label=star");
    expect([column.status, column.stderr.trim()]).toEqual([
      2,
      `blora: --set task.label=star: ${at("reviews.csv")}: expected a label column star, found the columns review, stars. Did you mean stars?`,
    ]);
    expect((await train("--task", "classify")).stderr.trim()).toBe(
      "blora: --task classify: expected a data file or folder, found none. Name it with --data.",
    );
    expect((await train("--data", at("nosuch.csv"))).stderr.trim()).toBe(
      `blora: ${at("nosuch.csv")}: expected a data file or a folder of them, found nothing.`,
    );
    expect(existsSync(at("refused"))).toBe(false);
  });
});

describe("several labels", () => {
  const TOPICS = ["soup,food", "a bill,price", "a cheap meal,food|price", "a table,[]", "bread,food", "costly,price"];

  test("are learned with balanced weights, kept with the adapter, and predicted through a kill", async () => {
    writeFileSync(at("topics.csv"), `text,topics\n${TOPICS.join("\n")}\n`);
    const fast = ["--threads", "1", "--method", "lora", "--set", "maxSteps=2", "--set", "evalSteps=2"];
    const balanced = ["--set", "task.classWeights=balanced", "--set", 'task.evaluation=["train"]'];
    const trained = await blora(["train", "--data", at("topics.csv"), "--out", at("topics"), ...fast, ...balanced]);
    expect([trained.status, trained.stderr.split("\n")[0]]).toEqual([
      0,
      'topics.csv: 6 labelled rows; learns from the text in text which of 2 classes are in topics, joined by "|", any number of them (food, price).',
    ]);
    expect(readFileSync(at("topics/blora-run.json"), "utf8").replaceAll(/\s/g, "")).toContain(
      '"classWeights":{"food":1,"price":1}',
    );
    expect(readFileSync(at("topics/report.md"), "utf8")).toContain(
      "| label | precision | recall | F1 | support | answered |",
    );

    writeFileSync(at("many.csv"), `text\n${Array.from({ length: 2500 }, (_, row) => `soup ${row}`).join("\n")}\n`);
    const predict = ["predict", at("topics"), "--data", at("many.csv"), "--threads", "1", "--out"];
    await blora([...predict, at("whole.csv")]);
    const kept = at(".partial-killed.csv/many.csv.jsonl");
    let isKilled = false;
    const killed = await blora([...predict, at("killed.csv")], undefined, (kill) => {
      const watch = setInterval(() => {
        if (!existsSync(kept) || readFileSync(kept, "utf8").split("\n").length < 3) return;
        clearInterval(watch);
        isKilled = true;
        kill("SIGINT");
        kill("SIGINT");
      }, 5);
      watch.unref();
    });
    expect([isKilled, killed.status, existsSync(at("killed.csv"))]).toEqual([true, 130, false]);
    const half = readFileSync(kept, "utf8");
    writeFileSync(kept, half.slice(0, -100));
    const again = await blora([...predict, at("killed.csv")]);
    expect([again.status, again.stdout]).toEqual([0, `2500 rows in ${at("killed.csv")}\n`]);

    const inShards = await blora([...predict, at("shards.csv"), "--shards", "2"]);
    expect([inShards.status, inShards.stdout]).toEqual([0, `2500 rows in ${at("shards.csv")}\n`]);
    await blora([...predict, at("list.csv"), "--shards", "3", "--on", "xargs"]);
    for (const index of ["2", "0", "1"]) {
      expect((await blora(["job", index, "--list", at("list.csv.jobs/jobs.json")])).status).toBe(0);
    }
    const gathered = await blora([...predict, at("list.csv")], (text) => expect(text).not.toContain("rows/s"));
    expect(gathered.status).toBe(0);
    for (const name of ["shards.csv", "list.csv"]) {
      expect(readFileSync(at(name), "utf8"), name).toBe(readFileSync(at("whole.csv"), "utf8"));
    }
    expect(readdirSync(folder).filter((name) => name.startsWith(".partial") && !name.endsWith(".leases"))).toEqual([]);
    expect(readFileSync(at("killed.csv"), "utf8")).toBe(readFileSync(at("whole.csv"), "utf8"));
    expect(existsSync(at(".partial-killed.csv"))).toBe(false);
  }, 300_000);

  test("a submission is refused where no server takes it", async () => {
    const predict = ["predict", at("run"), "--data", at("reviews.csv"), "--submission", "--threads", "1"];
    const { status, stderr } = await blora(predict);
    expect([status, stderr.trim()]).toEqual([
      2,
      "blora: --submission: expected a task of a benchmark with a server, such as GLUE's, found classify. Leave it out for a csv file.",
    ]);
  });
});

describe("predictions", () => {
  const examples = [{ first: "a", origin: "new.csv, row 2" }];

  test("of numbers are numbers, those of several classes a list beside each probability", () => {
    const number = { head: { kind: "regression" }, examples, logits: Float32Array.of(0.5) } as const;
    expect(predictionRows(number)).toEqual([
      ["row", "prediction"],
      ["new.csv, row 2", "0.5"],
    ]);
    const head = { kind: "classification", labels: ["x", "y", "z z"], several: true } as const;
    const several = { head, examples, logits: Float32Array.of(2, -2, 0.1) };
    expect(predictionRows(several)[1]).toEqual([
      ...["new.csv, row 2", '["x","z z"]', "0.880797", "0.119203", "0.524979"],
    ]);
  });

  test("are written as the file is called", () => {
    const examples = [{ first: "", origin: "new.csv, row 2" }];
    const number = { head: { kind: "regression" }, examples, logits: Float32Array.of(0.5) } as const;
    expect(predictionText(number, "jsonl")).toBe('{"row":"new.csv, row 2","prediction":0.5}\n');
    const head = { kind: "classification", labels: ["x", "y\tz"] } as const;
    const one = { head, examples, logits: Float32Array.of(0, 2) };
    expect(predictionText(one, "jsonl")).toBe(
      '{"row":"new.csv, row 2","prediction":"y\\tz","probabilities":{"x":0.119203,"y\\tz":0.880797}}\n',
    );
    expect(predictionText(one, "tsv")).toBe(
      "row\tprediction\tprobability of x\tprobability of y z\nnew.csv, row 2\ty z\t0.119203\t0.880797\n",
    );
    const several = { ...one, head: { ...head, several: true } as const };
    expect(JSON.parse(predictionText(several, "jsonl")).prediction).toEqual(["y\tz"]);
    expect(
      [undefined, "a.csv", "a.tsv", "a.jsonl", "folder/a", "a.TSV", "a.ndjson"].map((out) => predictionFormat(out)),
    ).toEqual(["csv", "csv", "tsv", "jsonl", "csv", "tsv", "jsonl"]);
    expect(() => predictionFormat("a.json")).toThrow(
      "--out a.json: expected a name that ends in .csv, .tsv or .jsonl, found .json. Nothing was answered.",
    );
    expect(() => predictionFormat("a.csv.gz")).toThrow("found .gz");
    expect(() => predictionFormat("a.XLSX")).toThrow("found .XLSX");
    expect(() => predictionFormat("a.feather")).toThrow("found .feather");
    expect(() => predictionFormat("a.csv.bz2")).toThrow("found .bz2");
  });

  test("are written so that every cell is read again", () => {
    expect(toCsv([['a "quote"', "b,c", "d\ne", "f"]])).toBe('"a ""quote""","b,c","d\ne",f\n');
  });
});
