import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { copyTokenizer } from "../src/write/model-folder.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "blora-export-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("takes along what a tokenizer, a chat and a generation loop read, and nothing else", async () => {
  const [from, to] = [temporaryFolder(), temporaryFolder()];
  const wanted = ["chat_template.jinja", "generation_config.json", "tokenizer.model", "tokenizer_config.json"];
  for (const name of [...wanted, "model.safetensors", "config.json", ".env"]) writeFileSync(join(from, name), name);
  expect((await copyTokenizer(from, to)).sort()).toEqual(wanted);
  expect(readdirSync(to).sort()).toEqual(wanted);
});
