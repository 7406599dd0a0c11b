import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { endTextsAt } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What `generation_config.json` holds afterwards; undefined where there is none. */
async function written(files: Readonly<Record<string, string>>, ids: readonly number[]): Promise<string | undefined> {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  await endTextsAt(folder, ids);
  const path = join(folder, "generation_config.json");
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

test("ids that end a text are added, and all else stays as it is written", async () => {
  const text = '{"temperature": 1.0, "eos_token_id": 7, "pad_token_id": 2}';
  expect(await written({ "generation_config.json": text }, [7, 5])).toBe(
    '{\n  "temperature": 1.0,\n  "eos_token_id": [\n    7,\n    5\n  ],\n  "pad_token_id": 2\n}\n',
  );
});

test("a file that says it is made from config.json says so no longer", async () => {
  const text = '{"_from_model_config": true, "eos_token_id": 7}';
  expect(JSON.parse((await written({ "generation_config.json": text }, [7, 5]))!)).toEqual({ eos_token_id: [7, 5] });
});

test.each(['{"eos_token_id":7}', '{"eos_token_id":[5,7,9]}'])("a file %s that names them stays", async (text) => {
  expect(await written({ "generation_config.json": text }, [7])).toBe(text);
});

test("a model without the file gets one, with the tokens that readers took from config.json", async () => {
  const config = '{"bos_token_id":1,"eos_token_id":2,"pad_token_id":null}';
  expect(await written({ "config.json": config }, [2])).toBeUndefined();
  expect(JSON.parse((await written({ "config.json": config }, [2, 5]))!)).toEqual({
    bos_token_id: 1,
    eos_token_id: [2, 5],
  });
});
