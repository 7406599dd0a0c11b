import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { blora, requireBuild } from "./run-blora.ts";

/** Writes what is learned in letters, so the loss is another than by the checkpoint's template. */
const TEMPLATE =
  "{% for m in messages %}{% if m['role'] == 'user' %}[{{ m['content'] }}]{% else %}{{ m['content'] }}.....{% endif %}{% endfor %}";
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-template-"));
  writeTinyQwen2(at("own"), { template: "config", randomHead: true });
  cpSync(at("own"), at("other"), { recursive: true });
  writeFileSync(at("other/chat_template.jinja"), TEMPLATE);
  mkdirSync(at("data"));
  const turns = [
    { role: "user", content: "hi" },
    { role: "assistant", content: "yo" },
  ];
  for (const split of ["train", "validation"]) {
    writeFileSync(at(`data/${split}.jsonl`), `${JSON.stringify({ messages: turns })}\n`.repeat(4));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await blora([...args, "--data", at("data"), "--threads", "1", "--json"]);
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test("an adapter is trained and scored by the chat template it brings, and hands it on", async () => {
  const settings = ["learningRate=1e-12", "maxSteps=1", "maxSeqLength=64"].flatMap((value) => ["--set", value]);
  const train = (...from: string[]) => json("train", "--task", "instruct", "--method", "lora", ...settings, ...from);
  await train("--model", at("own"), "--out", at("by-own"));
  await train("--model", at("other"), "--out", at("by-other"));
  const lossOf = async (...from: string[]) => {
    const { splits } = (await json("eval", ...from)) as { splits: { validation: { loss: number } } };
    return splits.validation.loss;
  };
  const [own, other] = [await lossOf(at("by-own")), await lossOf(at("by-other"))];
  expect(Math.abs(own - other)).toBeGreaterThan(1e-3);

  writeFileSync(at("by-own/adapter/chat_template.jinja"), TEMPLATE);
  expect(await lossOf(at("by-own"))).toBeCloseTo(other, 6);
  await train("--adapter", at("by-own"), "--out", at("further"));
  expect(readFileSync(at("further/adapter/chat_template.jinja"), "utf8")).toBe(TEMPLATE);
  expect(await lossOf(at("further"))).toBeCloseTo(other, 6);
  expect(existsSync(at("by-other/adapter/chat_template.jinja"))).toBe(false);
});
