import { glue } from "@blora/task-glue";
import { tokens } from "@blora/task-tokens";
import { expect, test } from "vitest";
import { ofGivenTexts } from "../src/run/given-texts.ts";

test("texts of the command line are rows, and two of them one where rows are pairs", async () => {
  const one = ofGivenTexts(glue({ task: "cola" }), ["a", "b"]);
  expect((await one.load("validation", undefined)).examples).toEqual([
    { first: "a", origin: "--text 1" },
    { first: "b", origin: "--text 2" },
  ]);
  const pairs = ofGivenTexts(glue({ task: "mrpc" }), ["a", "b"]);
  expect((await pairs.load("validation", undefined)).examples).toEqual([
    { first: "a", second: "b", origin: "--text 1" },
  ]);
});

test("a pair without its second text is refused", () => {
  expect(() => ofGivenTexts(glue({ task: "rte" }), ["a"])).toThrow(
    "--text: expected pairs of texts, as rte has them, found 1 in all. Give --text twice for each row.",
  );
});

test("where words have tags a text is its words, marks apart", async () => {
  const tagging = tokens({ labels: ["O", "B-A"], scheme: "IOB2", words: "tokens", tags: "tags" });
  const { examples } = await ofGivenTexts(tagging, ["Rosa's lamp broke.", "東京 a"]).load("validation", undefined);
  expect(examples).toEqual([
    { first: "", words: ["Rosa", "'", "s", "lamp", "broke", "."], origin: "--text 1" },
    { first: "", words: ["東", "京", "a"], origin: "--text 2" },
  ]);
  expect(() => ofGivenTexts(tagging, ["a", " \n"])).toThrow('--text 2: expected words, found " \\n".');
});
