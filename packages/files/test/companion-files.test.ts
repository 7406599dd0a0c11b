import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { copyChatTemplate, copyCompanionFiles, isCompanionFile } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const COMPANIONS = [
  "LICENSE",
  "Notice.txt",
  "added_tokens.json",
  "additional_chat_templates/tool_use.jinja",
  "chat_template.jinja",
  "chat_template.json",
  "generation_config.json",
  "merges.txt",
  "sentencepiece.bpe.model",
  "special_tokens_map.json",
  "spm.model",
  "tokenizer.json",
  "tokenizer.model",
  "tokenizer_config.json",
  "vocab.json",
  "vocab.txt",
];
const OTHERS = [
  ".env",
  "README.md",
  "additional_chat_templates/x.py",
  "config.json",
  "model.safetensors",
  "other/tokenizer.json",
  "pytorch_model.bin",
];

test("are told from weights, configuration and anything else by their names", () => {
  expect(
    [...COMPANIONS, ...OTHERS, "../LICENSE", "additional_chat_templates/../x.jinja"].filter(isCompanionFile),
  ).toEqual(COMPANIONS);
});

test("go from one folder to another, whole", () => {
  const [from, to] = [temporaryFolder(), temporaryFolder()];
  for (const name of [...COMPANIONS, ...OTHERS]) {
    mkdirSync(dirname(join(from, name)), { recursive: true });
    writeFileSync(join(from, name), `content of ${name}`);
  }
  expect(copyCompanionFiles(from, to)).toEqual(COMPANIONS);
  expect(readdirSync(to, { recursive: true }).sort()).toEqual([...COMPANIONS, "additional_chat_templates"].sort());
  expect(readFileSync(join(to, "additional_chat_templates/tool_use.jinja"), "utf8")).toContain("tool_use");
  expect(copyCompanionFiles(from, from)).toEqual([]);
});

test("have the chat template of an adapter in the file that counts before all others", () => {
  const [from, to] = [temporaryFolder(), temporaryFolder()];
  copyChatTemplate(from, to);
  expect(readdirSync(to)).toEqual([]);
  writeFileSync(join(from, "tokenizer_config.json"), JSON.stringify({ chat_template: "of the configuration" }));
  copyChatTemplate(from, to);
  expect(readFileSync(join(to, "chat_template.jinja"), "utf8")).toBe("of the configuration");
  writeFileSync(join(from, "chat_template.jinja"), "of the file");
  copyChatTemplate(from, to);
  expect(readFileSync(join(to, "chat_template.jinja"), "utf8")).toBe("of the file");
});

test("are copied as files where they are links, as in a cache of the Hub", () => {
  const [from, to] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(join(from, "blob"), "text");
  symlinkSync("blob", join(from, "vocab.txt"));
  expect(copyCompanionFiles(from, to)).toEqual(["vocab.txt"]);
  expect(readFileSync(join(to, "vocab.txt"), "utf8")).toBe("text");
});

test("a link out of the folder is refused before anything is copied; one to the Hub cache's own files is not", () => {
  const [elsewhere, from, to] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  writeFileSync(join(elsewhere, "id_rsa"), "secret");
  writeFileSync(join(from, "added_tokens.json"), "{}");
  symlinkSync(join(elsewhere, "id_rsa"), join(from, "tokenizer.json"));
  expect(() => copyCompanionFiles(from, to)).toThrow(
    `${join(from, "tokenizer.json")} is a link to ${join(elsewhere, "id_rsa")}, outside its folder. Copy or hard-link the file.`,
  );
  expect(readdirSync(to)).toEqual([]);

  const repository = join(elsewhere, "models--org--tiny");
  const snapshot = join(repository, "snapshots/0123");
  for (const folder of [snapshot, join(repository, "blobs")]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(repository, "blobs/b1"), "{}");
  symlinkSync("../../blobs/b1", join(snapshot, "tokenizer.json"));
  expect(copyCompanionFiles(snapshot, to)).toEqual(["tokenizer.json"]);
});
