import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { blora, requireBuild } from "./run-blora.ts";

/** Writes what is learned in letters, so the loss is another than by the checkpoint's template. */
const TEMPLATE =
  "{% for m in messages %}{% if m['role'] == 'user' %}[{{ m['content'] }}]{% else %}{{ m['content'] }}.....{% endif %}{% endfor %}";
const IM_END = 0;
const END_OF_TEXT = 257;
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-template-"));
  const files = { "generation_config.json": { do_sample: false, eos_token_id: END_OF_TEXT } };
  writeTinyQwen2(at("own"), { template: "config", randomHead: true, files });
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

const readJson = (path: string): Record<string, unknown> => JSON.parse(readFileSync(at(path), "utf8"));
const train = (...from: string[]): Promise<unknown> => {
  const settings = ["learningRate=1e-12", "maxSteps=1", "maxSeqLength=64"].flatMap((value) => ["--set", value]);
  return json("train", "--task", "instruct", "--method", "lora", ...settings, ...from);
};

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await blora([...args, "--data", at("data"), "--threads", "1", "--json"]);
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test("an adapter is trained and scored by the chat template it brings, and hands it on", async () => {
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

test("what is merged or exported ends texts after an answer, and asks by the template of the adapter", async () => {
  await train("--model", at("own"), "--out", at("run"));
  const write = async (command: string, to: string) =>
    expect((await blora([command, "--adapter", at("run"), "--out", at(to)])).stderr).toBe("");
  await write("merge", "merged");
  await write("export", "exported");
  for (const model of ["merged", "exported"]) {
    expect(readJson(`${model}/generation_config.json`)).toEqual({
      do_sample: false,
      eos_token_id: [END_OF_TEXT, IM_END],
    });
  }
  writeFileSync(at("run/adapter/chat_template.jinja"), TEMPLATE);
  await write("export", "exported-otherwise");
  // All that transformers.js reads.
  expect(readJson("exported-otherwise/tokenizer_config.json").chat_template).toBe(TEMPLATE);
});
