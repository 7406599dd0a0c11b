import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { factbookChunks, stateOfTheUnionChunks, wordnetChunks } from "../scripts/extract.ts";

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "corpus-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

describe("corpus extraction", () => {
  test("writes WordNet entries as definition and examples, and leaves names out", () => {
    const folder = folderOf({
      "dict/data.adj":
        '  1 licence\n00001740 00 s 02 glad 0 well_pleased 1 000 | showing joy; "glad to be of help today"; "short"\n',
      "dict/data.noun":
        "00000001 20 n 01 rose 0 000 | a shrub\n00000002 03 n 01 Paris 0 000 | a city\n00000003 09 n 01 joy 0 000 | great happiness\n",
      "dict/data.verb": "",
      "dict/data.adv": "",
    });
    expect(wordnetChunks(folder)).toEqual([
      "glad, well pleased: showing joy. glad to be of help today.",
      "joy: great happiness.",
    ]);
  });

  test("cuts long text between sentences and takes addresses from 1900 on", () => {
    const sentence = `${Array.from({ length: 39 }, () => "word").join(" ")} end.`;
    const folder = folderOf({
      "data/1899_x.txt": "Old words.",
      "data/1999_x.txt": [sentence, sentence, sentence].map((text) => `W${text.slice(1)}`).join("  \n"),
    });
    const chunks = stateOfTheUnionChunks(folder);
    expect(chunks.map((chunk) => chunk.split(" ").length)).toEqual([80, 40]);
  });

  test("takes sentences of country profiles once, not figures", () => {
    const text = "The country lies between two seas and has been a republic since the last war ended.";
    const folder = folderOf({
      "meta/a.json": JSON.stringify({ text }),
      "europe/a.json": JSON.stringify({ a: { text }, b: { text: "total: 12,000 sq km" } }),
      "europe/b.json": JSON.stringify({ c: [text] }),
    });
    expect(factbookChunks(folder)).toEqual([text]);
  });
});
