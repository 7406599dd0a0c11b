import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { RunSummary } from "@blora/runs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { blora, requireBuild } from "./run-blora.ts";

let folder = "";

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-as-trained-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TURNS = [
  { role: "user", content: "hi" },
  { role: "assistant", content: "yo" },
];

test("an adapter is used as it was trained: base by place and content, template, evaluation splits", async () => {
  const model = join(folder, "models", "mine");
  writeTinyQwen2(model, { randomHead: true, template: "none" });
  const rows = `${JSON.stringify({ messages: TURNS })}\n`.repeat(8);
  for (const split of ["train", "dev"]) writeFileSync(join(folder, `${split}.jsonl`), rows);
  const out = join(folder, "run");
  const settings = ["maxSteps=2", "maxSeqLength=64", "task.template=plain", 'task.evaluation=["dev"]'];
  const set = settings.flatMap((value) => ["--set", value]);
  const from = ["--model", relative("", model), "--task", "instruct", "--data", folder, "--method", "lora"];
  const trained = await blora(["train", ...from, ...set, "--out", out, "--json"]);
  expect([trained.status, trained.stderr]).toEqual([0, ""]);
  const { loss } = (JSON.parse(trained.stdout) as RunSummary).metrics.last!.splits.dev!;

  const read = (name: string) => JSON.parse(readFileSync(join(out, "adapter", name), "utf8"));
  expect(read("adapter_config.json").base_model_name_or_path).toBe(model);
  expect(read("blora_config.json")).toMatchObject({
    baseModel: model,
    baseSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    taskManifest: { options: { template: "plain", evaluation: ["dev"] } },
  });

  const evaluated = JSON.parse((await blora(["eval", out, "--data", folder, "--json"])).stdout);
  expect(evaluated).toMatchObject({ form: "trained", splits: { dev: { rows: 8, loss } } });
  const asked = await blora(["generate", out, "--chat", "--prompt", "hi", "--max-new-tokens", "4"]);
  expect([asked.status, asked.stderr]).toEqual([0, ""]);

  const moved = join(folder, "moved");
  cpSync(model, moved, { recursive: true });
  writeTinyQwen2(model, { randomHead: true, template: "none", seed: 77 });
  const changed = await blora(["eval", out, "--data", folder]);
  expect([changed.status, changed.stderr]).toEqual([
    1,
    `blora: ${join(out, "adapter")}: expected the base model it was trained on in ${model}, found other weights or another config.json. Name it with --model to use them all the same.\n`,
  ]);
  rmSync(model, { recursive: true });
  const gone = await blora(["merge", "--adapter", out, "--out", join(folder, "merged")]);
  expect([gone.status, gone.stderr]).toEqual([
    1,
    `blora: ${join(out, "adapter")}: expected its base model in the folder ${model}, where it was trained, found no such folder. Name its place with --model.\n`,
  ]);
  const again = JSON.parse((await blora(["eval", out, "--model", moved, "--data", folder, "--json"])).stdout);
  expect(again.splits.dev.loss).toBe(loss);
});
