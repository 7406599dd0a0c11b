import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blora, requireBuild } from "./run-blora.ts";

const adapter = "fixtures/peft/adalora";
let folder = "";

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-of-folder-"));
  mkdirSync(join(folder, "data"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const out = (): string[] => ["--out", join(folder, "out")];
const MODEL = "fixtures/deberta-v2/v3";

test("a revision beside a model that is a folder is wrong usage in every command", async () => {
  const given = ["--model", MODEL, "--revision", "v2"];
  const message = `blora: --revision v2: expected beside a name of the Hub, found the folder ${MODEL} as model. Leave it out.\n`;
  const commands = [
    ["train", "--task", "builtin", ...out()],
    ["eval", adapter, "--task", "builtin"],
    ["predict", adapter, "--task", "builtin"],
    ["generate", "--prompt", "hi"],
    ["merge", "--adapter", adapter, "--task", "mnli", ...out()],
    ["export", "--adapter", adapter, ...out()],
    ["bops"],
    ["doctor"],
  ];
  for (const command of commands) {
    const { status, stderr } = await blora([...command, ...given]);
    expect([command[0], status, stderr]).toEqual([command[0], 2, message]);
  }
  const builtin = await blora(["bops", "--revision", "v2"]);
  expect([builtin.status, builtin.stderr]).toEqual([2, message.replace(`folder ${MODEL}`, "built-in one")]);
});

test("a revision beside an adapter that is a folder is wrong usage in every command", async () => {
  const message = `blora: --adapter-revision v2: expected beside a name of the Hub, found the folder ${adapter} as adapter. Leave it out.\n`;
  const commands = [
    ["train", "--adapter", adapter, "--task", "builtin", ...out()],
    ["eval", adapter],
    ["predict", adapter],
    ["generate", adapter, "--prompt", "hi"],
    ["merge", "--adapter", adapter, ...out()],
    ["export", "--adapter", adapter, ...out()],
    ["bops", "--adapter", adapter],
    ["inspect", adapter],
  ];
  for (const command of commands) {
    const { status, stderr } = await blora([...command, "--adapter-revision", "v2"]);
    expect([command[0], status, stderr]).toEqual([command[0], 2, message]);
  }
});
