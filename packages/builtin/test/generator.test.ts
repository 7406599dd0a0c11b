import { describe, expect, test } from "vitest";
import { contrasts } from "../src/generator/contrasts.ts";
import { createDraw } from "../src/generator/draw.ts";
import { conjugate, plural } from "../src/generator/inflect.ts";
import { lexicon, splitLexicon } from "../src/generator/lexicon.ts";
import { acceptabilityExamples, pretrainingSentences } from "../src/index.ts";
import { logisticRegressionAccuracy, wordPairs, words } from "./bag-of-words.ts";

describe("inflection", () => {
  test("spells plurals", () => {
    expect(["dog", "box", "city", "boy", "wife", "woman", "church", "potato", "piano", "monkey"].map(plural)).toEqual([
      "dogs",
      "boxes",
      "cities",
      "boys",
      "wives",
      "women",
      "churches",
      "potatoes",
      "pianos",
      "monkeys",
    ]);
  });

  test("spells verb forms", () => {
    const forms = (verb: string) =>
      (["third", "past", "participle", "gerund"] as const).map((form) => conjugate(verb, form));
    expect(forms("write")).toEqual(["writes", "wrote", "written", "writing"]);
    expect(forms("study")).toEqual(["studies", "studied", "studied", "studying"]);
    expect(forms("drop")).toEqual(["drops", "dropped", "dropped", "dropping"]);
    expect(forms("wash")).toEqual(["washes", "washed", "washed", "washing"]);
    expect(forms("play")).toEqual(["plays", "played", "played", "playing"]);
  });
});

describe("acceptability rows", () => {
  test("are the same on every machine", () => {
    expect(acceptabilityExamples("train", 3)).toEqual([
      { first: "the mothers swallowed the apple .", label: 1, origin: "built-in train, row 1" },
      { first: "the curious lady respected himself .", label: 0, origin: "built-in train, row 2" },
      { first: "in the winter , the polite crows run .", label: 1, origin: "built-in train, row 3" },
    ]);
  });

  test("hold as many acceptable as unacceptable sentences, up to chance", () => {
    const labels = acceptabilityExamples("train", 4000).map(({ label }) => label!);
    expect(Math.abs(labels.reduce((a, b) => a + b, 0) / 4000 - 0.5)).toBeLessThan(0.03);
  });

  test("share no content word between train and validation", () => {
    const content = (index: 0 | 1) => {
      const { things, ...lists } = splitLexicon(lexicon)[index];
      return new Set([...Object.values(lists).flat(), ...things.flatMap(({ verbs, nouns }) => [...verbs, ...nouns])]);
    };
    const [train, validation] = [content(0), content(1)];
    expect(train.size).toBeGreaterThan(250);
    expect([...train].filter((word) => validation.has(word))).toEqual([]);
  });

  test("cannot be told apart by counting words, seen or unseen", () => {
    const rows = acceptabilityExamples("train", 5000);
    const seen = logisticRegressionAccuracy(rows.slice(0, 4000), rows.slice(4000), words);
    const unseen = logisticRegressionAccuracy(rows.slice(0, 4000), acceptabilityExamples("validation", 1000), words);
    console.log(`bag of words: ${seen} on train's words, ${unseen} on validation's`);
    expect(seen).toBeLessThan(0.6);
    expect(unseen).toBeLessThan(0.6);
  });

  test("cannot be told apart by pairs of neighbouring words either, once the words are new", () => {
    const train = acceptabilityExamples("train", 4000);
    const accuracy = logisticRegressionAccuracy(train, acceptabilityExamples("validation", 1000), wordPairs);
    console.log(`word pairs: ${accuracy} on validation's words`);
    expect(accuracy).toBeLessThan(0.65);
  });

  test.each(Object.keys(contrasts))("%s draws every word equally often under both labels", (name) => {
    const rows = 4000;
    const count = (acceptable: boolean) => {
      const counts = new Map<string, number>();
      for (let step = 0; step < rows; step++) {
        const draw = createDraw({ seed: 1, step, path: `${name}/${acceptable}` });
        for (const word of contrasts[name]!(draw, lexicon, acceptable)) counts.set(word, (counts.get(word) ?? 0) + 1);
      }
      return counts;
    };
    const [good, bad] = [count(true), count(false)];
    for (const word of new Set([...good.keys(), ...bad.keys()])) {
      const [a, b] = [good.get(word) ?? 0, bad.get(word) ?? 0];
      // Five standard deviations of the difference of two Poisson counts, plus slack for rare words.
      expect(Math.abs(a - b), word).toBeLessThan(5 * Math.sqrt(a + b) + 3);
    }
  });

  test("an unacceptable sentence differs from its acceptable twin", () => {
    for (const contrast of Object.values(contrasts)) {
      for (let step = 0; step < 300; step++) {
        const address = { seed: 2, step, path: "twins" };
        const twins = [true, false].map((acceptable) => contrast(createDraw(address), lexicon, acceptable).join(" "));
        expect(twins[0]).not.toBe(twins[1]);
      }
    }
  });
});

describe("pretraining sentences", () => {
  const sentences = pretrainingSentences(20_000);

  test("are the same on every machine and mostly different", () => {
    expect(sentences[0]).toBe("the play remains forced and worthless ; the plot is full of flaws and boredom .");
    expect(new Set(sentences).size).toBeGreaterThan(19_000);
    expect(pretrainingSentences(3)).toEqual(sentences.slice(0, 3));
  });

  test("hold no row of the task", () => {
    const rows = [...acceptabilityExamples("train", 4000), ...acceptabilityExamples("validation", 1000)];
    const held = new Set(sentences);
    expect(rows.filter(({ first }) => held.has(first))).toEqual([]);
  });
});
