import { describe, expect, test } from "vitest";
import { loadRequests, type ProtocolName, protocols, type RequestOptions } from "../src/index.ts";
import { folderOf } from "./folder.ts";

const DEV = "One? ,a,b,c,d,C\nTwo?,e,f,g,h,A\n";
const TEST = " Three?\t,i,j,k, l,B\nFour?,m,n,o,p,D\n";

function options(protocol: ProtocolName, shots: number): RequestOptions {
  return { protocol: protocols[protocol], shots, subjects: ["college_physics"], split: "test", limit: undefined };
}

const folder = (): Promise<string> =>
  folderOf({ "dev/college_physics_dev.csv": DEV, "test/college_physics_test.csv": TEST });

describe("prompts", () => {
  test("of lm-evaluation-harness: one space, questions stripped, choices as they are", async () => {
    const [first, second] = await loadRequests(await folder(), options("lm-evaluation-harness", 2));
    expect(first).toEqual({
      id: "college_physics/1",
      description: "The following are multiple choice questions (with answers) about college physics.\n\n",
      shots: ["One?\nA. a\nB. b\nC. c\nD. d\nAnswer: C\n\n", "Two?\nA. e\nB. f\nC. g\nD. h\nAnswer: A\n\n"],
      prompt: "Three?\nA. i\nB. j\nC. k\nD.  l\nAnswer:",
      continuations: [" A", " B", " C", " D"],
      answer: 1,
    });
    expect(second).toMatchObject({ id: "college_physics/2", answer: 3 });
  });

  test("of the original: two spaces, nothing stripped", async () => {
    const [first] = await loadRequests(await folder(), options("hendrycks", 1));
    expect(first).toMatchObject({
      description: "The following are multiple choice questions (with answers) about  college physics.\n\n",
      shots: ["One? \nA. a\nB. b\nC. c\nD. d\nAnswer: C\n\n"],
      prompt: " Three?\t\nA. i\nB. j\nC. k\nD.  l\nAnswer:",
    });
  });

  test("without shots need no dev files", async () => {
    const only = await folderOf({ "test/college_physics_test.csv": TEST });
    const requests = await loadRequests(only, options("lm-evaluation-harness", 0));
    expect(requests.map(({ shots }) => shots)).toEqual([[], []]);
  });

  test("strip what Python calls white space and nothing else", async () => {
    const only = await folderOf({ "test/college_physics_test.csv": "\u0085\u001cThree?\ufeff\u3000,i,j,k,l,B\n" });
    const [request] = await loadRequests(only, options("lm-evaluation-harness", 0));
    expect(request!.prompt.split("\n")[0]).toBe("Three?\ufeff");
  });

  test("with more shots than dev has rows are an error", async () => {
    await expect(loadRequests(await folder(), options("hendrycks", 3))).rejects.toThrow(
      "college_physics: expected 3 dev questions to show as shots, found 2",
    );
  });

  test("are as many as the limit says, of each subject", async () => {
    const requests = await loadRequests(await folder(), { ...options("hendrycks", 0), limit: 1 });
    expect(requests.map(({ id }) => id)).toEqual(["college_physics/1"]);
  });
});
