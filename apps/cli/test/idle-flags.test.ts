import { expect, test } from "vitest";
import { createProgram } from "../src/program.ts";
import { printedRefusal } from "./printed-refusal.ts";

const refusal = (args: readonly string[]) =>
  expect(createProgram(() => {}).parseAsync(["node", "blora", ...args])).rejects;

test.each([
  [["doctor", "--method", "lora"], "--method: expected a --model beside it, found none."],
  [["doctor", "--revision", "v2"], "--revision: expected a --model beside it, found none."],
  [["publish", "a", "--to", "folder", "--private"], "--private: expected --to hub:<org/name>, found a folder."],
  [["publish", "a", "--to", "npm:a", "--private"], "--private: expected --to hub:<org/name>, found npm:."],
  [["publish", "a", "--to", "folder", "--out", "b"], "--out: expected --to npm:<package name>, found a folder."],
  [
    ["publish", "a", "--to", "hub:me/a", "--package-version", "1.0.0"],
    "--package-version: expected --to npm:<package name>, found hub:.",
  ],
  [["bops", "--markdown", "--json"], "--markdown: expected it without --json, found both."],
  [
    ["generate", "--model", "a", "--prompt", "hi", "--top-p", "0.9"],
    "--top-p: expected a --temperature above 0 beside it, found 0, which takes the likeliest token.",
  ],
  [
    ["sweep", "a.ts", "--at-once", "8"],
    "--at-once: expected a list of jobs, --on slurm, kubernetes, xargs, found none.",
  ],
  [["sweep", "a.ts", "--on", "slurm", "--jobs", "4"], "--jobs: expected --on local, this machine, found others."],
  [["sweep", "a.ts", "--on", "slurm", "--image", "node"], "--image: expected --on kubernetes, found --on slurm."],
  [
    ["predict", "a", "--command", "blora"],
    "--command: expected a list of jobs, --on slurm, kubernetes, xargs, found none.",
  ],
  [["eval", "a", "--claim", "disk"], "--claim: expected --on kubernetes, found none."],
])("%j is refused: a flag would change nothing", async (args, message) => {
  await refusal(args).toMatchObject({ name: "UsageError", message });
});

test.each([
  [["eval", "a", "--adapter", "b"], "--adapter b: expected one adapter, found a as the argument too."],
  [
    ["generate", "a", "--adapter", "b", "--prompt", "hi"],
    "--adapter b: expected one adapter, found a as the argument too.",
  ],
])("%j is refused: two adapters", async (args, message) => {
  await refusal(args).toMatchObject({ name: "UsageError", message });
});

test.each([
  [["train", "--seed", "5", "--set", "seed=6"], "--seed 5: expected one value of this option, found --set seed=6 too."],
  [
    ["bops", "--threads", "1", "--set", "engine.threads=2"],
    "--threads 1: expected one value of this option, found --set engine.threads=2 too.",
  ],
  [
    ["train", "--bops-target", "0.1", "--set", "method.bopsTarget=0.2"],
    "--bops-target 0.1: expected one value of this option, found --set method.bopsTarget=0.2 too.",
  ],
  [
    ["eval", "--task", "mmlu", "--shots", "0", "--set", "task.shots=5"],
    "--shots 0: expected one value of this option, found --set task.shots=5 too.",
  ],
])("%j is refused: two values of one option", async (args, message) => {
  await refusal(args).toMatchObject({ name: "UsageError", message });
});

test.each([
  [["train", "--out", ""], "--out: expected a value, found an empty text."],
  [["train", "--data="], "--data: expected a value, found an empty text."],
  [["train", "--set", "seed=1", "--set", ""], "--set: expected a value, found an empty text."],
  [["eval", ""], "<adapter>: expected a value, found an empty text."],
  [["report", "a", ""], "<runs>: expected a value, found an empty text."],
  [["sweep", "collect", "--out", ""], "--out: expected a value, found an empty text."],
])("%j is refused: a variable of the shell that is not set is no folder", async (args, message) => {
  await refusal(args).toMatchObject({ name: "UsageError", message });
});

test("a training argument as a flag is answered with how it is set", async () => {
  const printed = await printedRefusal(["train", "--learning-rate", "1e-3"]);
  expect(printed).toContain("error: unknown option '--learning-rate'\n");
  expect(printed).toContain("What blora options lists goes by --set <name>=<value>.");
});
