import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promptsHash } from "@blora/likelihood";
import { describe, expect, test } from "vitest";
import { loadRequests, protocols, SUBJECTS, type Subject, subjectNames } from "../src/index.ts";

interface Fixture {
  readonly subjects: Readonly<
    Record<string, { category: string; questions: number; sha256: Readonly<Record<string, string>> }>
  >;
}

const fixture = JSON.parse(
  readFileSync(new URL("../../../fixtures/mmlu/lm-eval.json", import.meta.url), "utf8"),
) as Fixture;

const data = process.env.BLORA_DATA;

test("subjects and categories are lm-evaluation-harness's", () => {
  const theirs = Object.entries(fixture.subjects).map(([subject, { category }]) => [subject, category]);
  expect(Object.entries(SUBJECTS)).toEqual(theirs);
});

test("anatomy is the one subject the original protocol files elsewhere", () => {
  const { hendrycks, "lm-evaluation-harness": harness } = protocols;
  const moved = subjectNames.filter((subject) => hendrycks.category(subject) !== harness.category(subject));
  expect(moved).toEqual(["anatomy"]);
  expect(hendrycks.category("anatomy")).toBe("other");
});

describe.skipIf(data === undefined)("real MMLU files", () => {
  test.each([0, 1, 5])("every prompt with %i shots is lm-evaluation-harness's, to the byte", async (shots) => {
    const requests = await loadRequests(join(data!, "mmlu"), {
      protocol: protocols["lm-evaluation-harness"],
      shots,
      subjects: subjectNames,
      split: "test",
      limit: undefined,
    });
    expect(requests).toHaveLength(14_042);
    const ours = subjectNames.map((subject) => {
      const own = requests.filter(({ id }) => id.startsWith(`${subject}/`));
      return [subject, own.length, promptsHash(own)];
    });
    const theirs = Object.entries(fixture.subjects).map(([subject, { questions, sha256 }]) => [
      subject,
      questions,
      sha256[shots],
    ]);
    expect(ours).toEqual(theirs);
  });

  test("the original protocol differs by its double space alone where questions have no space around them", async () => {
    const options = { shots: 2, subjects: ["astronomy" as Subject], split: "test", limit: 3 } as const;
    const [original] = await loadRequests(join(data!, "mmlu"), { ...options, protocol: protocols.hendrycks });
    const [harness] = await loadRequests(join(data!, "mmlu"), {
      ...options,
      protocol: protocols["lm-evaluation-harness"],
    });
    expect(original!.description).toContain("about  astronomy.");
    expect(harness!.description).toBe(original!.description.replace("  ", " "));
    expect(harness!.shots).toEqual(original!.shots);
  });
});
