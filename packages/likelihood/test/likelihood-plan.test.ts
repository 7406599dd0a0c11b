import { describe, expect, test } from "vitest";
import { createRequestEncoder, type EncodedRequest } from "../src/encode-request.ts";
import { planShared } from "../src/plan.ts";
import { joiningTokenizer, requests } from "./likelihood-problem.ts";

const encode = createRequestEncoder({ tokenizer: joiningTokenizer, maxLength: 24, overlong: "cut-left" });
const encoded = (group: string): EncodedRequest[] => requests.filter(({ id }) => id.startsWith(group)).map(encode);

describe("requests as tokens", () => {
  test("are read once where continuations differ by their last token alone", () => {
    const [first] = encoded("first");
    const space = joiningTokenizer.encode(" ")[0]!;
    expect(first!.rows).toHaveLength(1);
    expect(first!.rows[0]!.ids.at(-1)).toBe(space);
    expect(first!.rows[0]!.continuations.map(({ ids }) => ids)).toEqual([
      [space, 6],
      [space, 7],
      [space, 8],
    ]);
  });

  test("are read once for every other beginning of a continuation", () => {
    const [first] = encoded("second");
    expect(first!.rows.map(({ continuations }) => continuations.map(({ index }) => index))).toEqual([[0, 2], [1]]);
  });

  test("move spaces at the end of the context to the continuation", () => {
    const spaced = encode({ ...requests[0]!, prompt: "cd ", continuations: ["e", "f"] });
    const plain = encode({ ...requests[0]!, prompt: "cd", continuations: [" e", " f"] });
    expect(spaced.rows).toEqual(plain.rows);
  });

  test("are the same whether the prompt is tokenized apart or with what precedes it", () => {
    const joining = encode({
      ...requests[0]!,
      description: "f",
      shots: ["a"],
      prompt: "b",
      continuations: ["cb", "c"],
    });
    expect(joining.rows.map(({ ids }) => ids)).toEqual([
      [9, 14, 6],
      [9, 14],
    ]);
  });
});

describe("what is read once", () => {
  test("ends before a token that not all rows have", () => {
    // One prompt begins with "b" and joins the "a" before it.
    const [plan] = planShared(encoded("first"), 64);
    expect(plan!.prefix).toEqual(joiningTokenizer.encode("faggh"));
    expect(planShared(encoded("second"), 64)[0]!.prefix).toEqual(joiningTokenizer.encode("jihgd"));
  });

  test("leaves every row the positions that score it", () => {
    const same = encode({ ...requests[5]!, continuations: ["e", "c"] });
    const [plan] = planShared([same, same], 64);
    expect(plan!.prefix).toEqual(same.rows[0]!.ids.slice(0, -1));
  });

  test("is nothing for a single row", () => {
    expect(planShared([encode(requests[0]!)], 64)[0]!.prefix).toEqual([]);
  });
});

test("packs hold every row once, within the budget", () => {
  const plans = planShared(encoded("second"), 5);
  const packs = plans.flatMap(({ packs }) => packs);
  expect(packs.flat()).toHaveLength(encoded("second").flatMap(({ rows }) => rows).length);
  for (const rows of packs) {
    expect(rows.reduce((total, { ids }) => total + ids.length - plans[0]!.prefix.length, 0)).toBeLessThanOrEqual(5);
  }
});
