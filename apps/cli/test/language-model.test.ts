import { spawnSync } from "node:child_process";
import { closeSync, cpSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunSummary } from "@blora/runs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { blora, program, requireBuild } from "./run-blora.ts";

/** Takes no byte, where there is one. */
const FULL = "/dev/full";

const data = process.env.BLORA_DATA;
let folder = "";

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-language-model-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("blora generate without a prompt is wrong usage, and without a model a mistake", async () => {
  expect((await blora(["generate"])).status).toBe(2);
  const { status, stderr } = await blora(["generate", "--prompt", "Once"]);
  expect([status, stderr]).toEqual([1, "blora: Expected a --model or an adapter, found neither.\n"]);
});

test("blora generate says where the model ended the text", async () => {
  const model = join(folder, "short");
  writeTinyQwen2(model, { randomHead: true });
  const config = JSON.parse(readFileSync(join(model, "config.json"), "utf8"));
  writeFileSync(join(model, "config.json"), JSON.stringify({ ...config, max_position_embeddings: 20 }));
  const write = async (...flags: string[]) =>
    (await blora(["generate", "--model", model, "--prompt", "hello there", ...flags])).stderr;
  expect(await write("--max-new-tokens", "3", "--temperature", "1", "--seed", "4")).toBe("");
  expect(await write()).toBe("note: the text ends at 20 tokens, prompt included: the model reads no more\n");
});

test.skipIf(!existsSync(FULL))("text that cannot be written is one sentence, however many pieces it has", () => {
  const model = join(folder, "written");
  writeTinyQwen2(model, { randomHead: true });
  const output = openSync(FULL, "w");
  const args = [program, "generate", "--model", model, "--prompt", "hello there", "--max-new-tokens", "8"];
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", output, "pipe"] });
  closeSync(output);
  expect([status, String(stderr)]).toEqual([
    1,
    "blora: standard output: expected room for all of it, found that its disk is full (ENOSPC).\n",
  ]);
});

describe.skipIf(!data)("a causal language model on the command line (needs BLORA_DATA)", () => {
  test("learns from instruction data, and writes with and without the adapter", async () => {
    const source = join(data!, "models/stories260K");
    const model = join(folder, "model");
    cpSync(join(source, "qwen2-layout"), model, { recursive: true });
    cpSync(join(source, "tok512.model"), join(model, "tokenizer.model"));
    const rows = ["cat", "dog", "bird", "frog"].map((animal) => {
      return `${JSON.stringify({ prompt: `Who is it? It is the ${animal}.`, completion: ` ${animal} ${animal} ${animal}!` })}\n`;
    });
    for (const split of ["train", "validation"]) writeFileSync(join(folder, `${split}.jsonl`), rows.join(""));

    const out = join(folder, "run");
    const given = [
      "--model",
      model,
      "--task",
      "instruct",
      "--data",
      folder,
      "--threads",
      "1",
      "--set",
      "task.addBos=true",
    ];
    const fast = ["maxSteps=40", "evalSteps=40", "learningRate=2e-2", "perDeviceTrainBatchSize=4", "maxSeqLength=64"];
    const trained = await blora([
      "train",
      ...given,
      "--out",
      out,
      "--json",
      ...fast.flatMap((value) => ["--set", value]),
    ]);
    expect(trained.stderr).toBe("");
    const summary = JSON.parse(trained.stdout) as RunSummary;
    expect(summary.metric.name).toBe("logLikelihood");
    expect(summary.targetTokens).toBeGreaterThan(0);

    const options = ["--prompt", "Once upon a time", "--add-bos", "--max-new-tokens", "12", "--threads", "1"];
    const plain = await blora(["generate", "--model", model, ...options]);
    const golden = JSON.parse(readFileSync(join(source, "golden.json"), "utf8")) as { greedy_text: string };
    expect(plain.stdout.length).toBeGreaterThan(20);
    expect(golden.greedy_text.startsWith(`Once upon a time${plain.stdout.trimEnd()}`)).toBe(true);
    const adapted = await blora(["generate", out, ...options, "--prompt", "Who is it? It is the dog."]);
    expect([adapted.status, adapted.stdout]).toEqual([0, expect.stringMatching(/^ dog dog dog!/)]);

    const whole = join(folder, "merged");
    const merged = await blora(["merge", "--adapter", out, "--out", whole, "--json"]);
    expect([merged.status, merged.stderr]).toEqual([0, ""]);
    expect(JSON.parse(merged.stdout).largestDifference).toBeLessThan(1e-3);
    const alone = await blora(["generate", "--model", whole, ...options, "--prompt", "Who is it? It is the dog."]);
    expect(alone.stdout).toBe(adapted.stdout);
  });
});
