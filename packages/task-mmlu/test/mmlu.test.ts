import type { Tokenizer } from "@blora/spec";
import { createTestTokenizer, testTask } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { mmlu, subjectNames } from "../src/index.ts";
import { folderOf } from "./folder.ts";

const ROWS = "Which is first?,a,b,c,d,A\nAnd which is last of these?,e,f,g,h,D\n";
const folder = await folderOf({
  "auxiliary_train/obqa.csv": ROWS,
  "dev/anatomy_dev.csv": ROWS,
  "test/anatomy_test.csv": ROWS,
});
const anatomy = mmlu({ subjects: ["anatomy"], shots: 1 });

testTask(anatomy, { folder });

describe("the task", () => {
  test("asks by the default protocol, named with version and shots", async () => {
    expect(mmlu().likelihood.protocol).toEqual({ name: "lm-evaluation-harness", version: "1.0", shots: 5 });
    expect(mmlu().likelihood.overlong).toBe("cut-left");
    const original = mmlu({ protocol: "hendrycks", shots: 0 }).likelihood;
    expect(original).toMatchObject({ overlong: "drop-shots", maxTokens: 2048, protocol: { name: "hendrycks" } });
    expect((await anatomy.likelihood.requests(folder)).map(({ answer }) => answer)).toEqual([0, 3]);
  });

  test("trains on questions and answers alone, and is followed by the subject's own", async () => {
    const [training] = (await anatomy.load("auxiliary_train", folder)).examples;
    expect(training).toMatchObject({
      first: "Which is first?\nA. a\nB. b\nC. c\nD. d\nAnswer:",
      second: " A",
    });
    const [followed] = (await anatomy.load("dev", folder)).examples;
    expect(followed!.first).toBe(
      `The following are multiple choice questions (with answers) about anatomy.\n\n${training!.first}`,
    );
  });

  test("learns the answer's tokens alone", async () => {
    const tokenizer = createTestTokenizer();
    const [example] = (await anatomy.load("auxiliary_train", folder)).examples;
    const { inputIds, targets } = anatomy.encode(example!, tokenizer, 512);
    expect(targets).toEqual([inputIds.length - 1]);
    expect(inputIds.at(-1)).toBe(tokenizer.encode("A")[0]);

    const plain: Tokenizer["assemble"] = (ids) => ({ inputIds: ids, tokenTypeIds: ids.map(() => 0), truncated: false });
    const started = { ...tokenizer, assemble: plain, special: { ...tokenizer.special, bos: 7 } };
    const withStart = mmlu({ addBos: true }).encode(example!, started, 512);
    expect(withStart).toMatchObject({ inputIds: [7, ...inputIds], targets: [inputIds.length] });
    const beginning = { ...started, assemble: (ids: readonly number[]) => plain([7, ...ids], undefined, 512) };
    expect(mmlu().encode(example!, beginning, 512)).toEqual(withStart);
    expect(mmlu({ addBos: false }).encode(example!, beginning, 512).inputIds).toEqual(inputIds);
    expect(mmlu().encode(example!, started, 512).inputIds).toEqual(inputIds);
    expect(() => mmlu({ addBos: true }).encode(example!, { ...tokenizer, special: { pad: 0 } }, 512)).toThrow(
      "expected a tokenizer with a first token",
    );
  });

  test("cuts what does not fit on the left, so that the answer is learned and its letter comes last", async () => {
    const tokenizer = createTestTokenizer();
    const [example] = (await anatomy.load("dev", folder)).examples;
    const whole = anatomy.encode(example!, tokenizer, 512);
    const cut = anatomy.encode(example!, tokenizer, 8);
    expect(cut).toMatchObject({ inputIds: whole.inputIds.slice(-8), targets: [7], truncated: true });
    expect(anatomy.encode(example!, tokenizer, whole.inputIds.length)).toEqual(whole);
    expect(anatomy.encode(example!, tokenizer, 1).targets).toEqual([]);
  });

  test("scores the mean over answer tokens, not over questions", () => {
    const rows = [
      { logLikelihood: -1, tokens: 1, label: undefined },
      { logLikelihood: -4, tokens: 3, label: undefined },
    ];
    expect(anatomy.score(rows)).toEqual({ log_likelihood: -1.25 });
  });

  test("has one complete manifest, whether defaults are named or not", () => {
    const named = mmlu({ shots: 5, split: "test", subjects: [...subjectNames].reverse() });
    expect(named.completeManifest).toEqual(mmlu().completeManifest);
    expect(JSON.parse(JSON.stringify(mmlu({ subjects: ["virology", "anatomy"] }).completeManifest))).toEqual({
      $plugin: "task/mmlu",
      options: {
        ...{ protocol: "lm-evaluation-harness", shots: 5, split: "test" },
        subjects: ["anatomy", "virology"],
      },
    });
  });

  test("names every option that is wrong", () => {
    const wrong = { shots: 6, subjects: ["alchemy"] } as unknown as Parameters<typeof mmlu>[0];
    expect(() => mmlu(wrong)).toThrow(/"mmlu": shots: .*, found 6; subjects\.0: .*, found "alchemy"/);
  });

  test("has no data of its own", async () => {
    await expect(mmlu().likelihood.requests(undefined)).rejects.toThrow("no built-in data");
    await expect(mmlu().load("train", folder)).rejects.toThrow("mmlu has no split train: it has auxiliary_train, test");
  });
});
