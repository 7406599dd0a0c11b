import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PublishedFile } from "@blora/hub";
import { describe, expect, test } from "vitest";
import { hubBaseModel, npmPackage, publishedFiles, readAdapter, writeAdapter } from "../src/index.ts";
import { modelCard } from "../src/publish/model-card.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { method, SITES, tinyAdapter } from "./tiny-adapter.ts";

const TOKEN = "hf_verySecretToken";
const text = ({ bytes }: PublishedFile): string => new TextDecoder().decode(bytes);

async function adapterFolder(baseModel = "org/tiny"): Promise<string> {
  const folder = join(temporaryFolder(), "adapter");
  const { weights, description } = tinyAdapter();
  await writeAdapter(folder, method, SITES, { weights, description: { ...description, baseModel } });
  return folder;
}

async function files(): Promise<PublishedFile[]> {
  return publishedFiles(await adapterFolder(), { name: "me/adapter", baseModel: "org/tiny", license: "apache-2.0" });
}

describe("what goes out", () => {
  test("is the four files and a card, and no other file of the folder", async () => {
    const folder = await adapterFolder();
    writeFileSync(join(folder, ".env"), TOKEN);
    const all = publishedFiles(folder, { name: "me/adapter", baseModel: "org/tiny" });
    expect(all.map(({ path }) => path)).toEqual([
      "README.md",
      "adapter_config.json",
      "adapter_model.safetensors",
      "blora_config.json",
      "blora_model.safetensors",
    ]);
    for (const file of all) expect(text(file)).not.toContain(TOKEN);
  });

  test("is also the chat template that the adapter learned by, where it brings one", async () => {
    const folder = await adapterFolder();
    writeFileSync(join(folder, "chat_template.jinja"), "[{{ messages }}]");
    const all = publishedFiles(folder, { name: "me/adapter" });
    expect(all.slice(5).map((file) => [file.path, text(file)])).toEqual([["chat_template.jinja", "[{{ messages }}]"]]);
  });

  test("holds no path of this machine", async () => {
    const all = publishedFiles(await adapterFolder("/home/someone/private/tiny"), { name: "me/adapter" });
    for (const file of all) expect(text(file)).not.toContain("someone");
    expect(JSON.parse(text(all[1]!)).base_model_name_or_path).toBe(null);
    expect(JSON.parse(text(all[3]!)).baseModel).toBe("a local model (tiny)");
    expect(text(all[0]!)).toContain('from_pretrained("folder of the base model", num_labels=2)');
    expect(text(all[0]!)).not.toContain("base_model:");
  });

  test("names no local base as if it were one of the Hub", () => {
    const { description } = tinyAdapter();
    expect(hubBaseModel(description)).toBe("org/tiny");
    expect(hubBaseModel({ ...description, baseModel: "models/mine", baseRevision: undefined })).toBe(undefined);
  });

  test("is the folder's own card where it has one", async () => {
    const folder = await adapterFolder();
    writeFileSync(join(folder, "README.md"), "# mine\n");
    expect(text(publishedFiles(folder, { name: "me/adapter" })[0]!)).toBe("# mine\n");
  });

  test("has a card that says of plain LoRA that it is that", () => {
    const { description } = tinyAdapter();
    const bits = Object.fromEntries(SITES.map(({ path }) => [path, { A: 32, B: 32 }]));
    const plain = { ...description, bits, method: { $plugin: "method/lora", options: {} } };
    const card = modelCard(plain, { name: "me/adapter", baseModel: "org/tiny" });
    expect(card).toContain('tags:\n  - "lora"\nmodel-index');
    expect(card).toContain("trained on letters by the method lora.\n");
    expect(card).not.toMatch(/B-LoRA|bayesian|quantized/);
  });

  test("has a card that names the tags of words", () => {
    const { description } = tinyAdapter();
    const head = { kind: "token-classification", labels: ["O", 'B-"x"'] } as const;
    const card = modelCard({ ...description, head }, { name: "me/adapter", baseModel: "org/tiny" });
    expect(card).toContain('pipeline_tag: "token-classification"');
    expect(card).toContain('- task:\n          type: "token-classification"');
    expect(card).toContain("from transformers import AutoModelForTokenClassification\n");
    expect(card).toMatch(
      /AutoModelForTokenClassification\.from_pretrained\("org\/tiny".*, id2label=\{0: "O", 1: "B-\\"x\\""\}\)/,
    );
  });

  test("has a card in which names of others are no markup", () => {
    const { description } = tinyAdapter();
    const task = "a|b <script>`*";
    const card = modelCard({ ...description, task }, { name: "me/<b>", baseModel: "org/tiny" });
    expect(card).toContain("# me/\\<b\\>\n");
    expect(card).toContain("trained on a\\|b \\<script\\>\\`\\* with ranks");
  });

  test("names the commit of the base model, unless another model is named in its place", async () => {
    const folder = await adapterFolder("org/tiny");
    const configs = (baseModel: string) => {
      const all = publishedFiles(folder, { name: "me/adapter", baseModel });
      return ["adapter_config.json", "blora_config.json"].map((name) =>
        JSON.parse(text(all.find(({ path }) => path === name)!)),
      );
    };
    const commit = "0123456789abcdef0123456789abcdef01234567";
    expect(configs("org/tiny")).toMatchObject([{ revision: commit }, { baseRevision: commit }]);
    const [peft, ours] = configs("org/other");
    expect(peft).not.toHaveProperty("revision");
    expect(ours).not.toHaveProperty("baseRevision");
  });

  test("has a card that says where its PEFT files score otherwise", async () => {
    const { weights, description } = tinyAdapter();
    const cardOf = async (scope: string): Promise<string> => {
      const folder = join(temporaryFolder(), "adapter");
      const bops = { ...description.bops, scope };
      await writeAdapter(folder, method, SITES, { weights, description: { ...description, bops } });
      return text(publishedFiles(folder, { name: "me/adapter" })[0]!);
    };
    expect(await cardOf("site")).toContain("These are scores of the trained form");
    expect(await cardOf("adapter")).not.toContain("trained form");
  });

  test("has a card that counts components over all sites, where any site has widths that differ", async () => {
    const { weights, description } = tinyAdapter();
    const [first, second] = SITES.map(({ path }) => path) as [string, string];
    const cardOf = async (bits: typeof description.bits): Promise<string> => {
      const folder = join(temporaryFolder(), "adapter");
      const ranks = { [first]: 3, [second]: 0 };
      await writeAdapter(folder, method, SITES, { weights, description: { ...description, ranks, bits } });
      return text(publishedFiles(folder, { name: "me/adapter" })[0]!);
    };
    const mixed = await cardOf({ [first]: { A: [8, 4, 4], B: [8, 4, 4], W0: 8 }, [second]: { A: [], B: [], W0: 8 } });
    expect(mixed).toContain("1 of 2 matrices have an update. Components: 1 of 8 bits, 2 of 4 bits.\n");
    expect(mixed).toContain(`| \`${first}\` | 3 | 8 4 4 | 8 4 4 | 8 |\n| \`${second}\` | 0 | - | - | 8 |\n`);
    const plain = await cardOf({ [first]: { A: 32, B: 32 }, [second]: { A: 32, B: 32 } });
    expect(plain).not.toContain("Components");
    expect(plain).toContain(`| \`${first}\` | 3 | 32 | 32 |\n`);
  });

  test("has a card with the hash of the chat template and what merging measured, where these are known", () => {
    const { description } = tinyAdapter();
    const options = { name: "me/adapter", baseModel: "org/tiny" };
    const hash = "ab".repeat(32);
    expect(modelCard({ ...description, chatTemplateSha256: hash }, options)).toContain(
      `The tokenizer it was trained with has the chat template of SHA-256\n\`${hash}\`.\n`,
    );
    const merge = { texts: 6, largestDifference: 1.25e-6, largestLogit: 3.456 };
    expect(modelCard(description, { ...options, merge })).toContain(
      "Merged into its base model, it gives logits that differ by at most 1.3e-6 from those of the two\napart (6 texts, largest logit 3.46).\n",
    );
    expect(modelCard(description, options)).not.toMatch(/chat template|differ by/);
  });

  test("has its license in small letters in the card, as the Hub asks, and refuses what is no identifier", async () => {
    const folder = await adapterFolder();
    const cardWith = (license: string): string => text(publishedFiles(folder, { name: "me/adapter", license })[0]!);
    expect(cardWith("Apache-2.0")).toContain('\nlicense: "apache-2.0"\n');
    for (const license of ["", "my own: license", "MIT OR Apache-2.0"])
      expect(() => cardWith(license)).toThrow(`or other for one of your own, found ${JSON.stringify(license)}.`);
  });

  test("has a card with a mark, which a card of the folder's own lacks", async () => {
    const folder = await adapterFolder();
    const [made] = publishedFiles(folder, { name: "me/adapter" });
    expect(text(made!)).toContain(made!.mark);
    writeFileSync(join(folder, "README.md"), "mine");
    expect(publishedFiles(folder, { name: "me/adapter" })[0]).not.toHaveProperty("mark");
  });

  test("has a card with metadata, results, cost, ranks and bits", async () => {
    const card = text((await files())[0]!);
    expect(card).toMatchInlineSnapshot(`
      "---
      library_name: "peft"
      base_model: "org/tiny"
      base_model_relation: "adapter"
      license: "apache-2.0"
      pipeline_tag: "text-classification"
      tags:
        - "lora"
        - "b-lora"
        - "bayesian-lora"
        - "quantized-adapter"
      model-index:
        - name: "me/adapter"
          results:
            - task:
                type: "text-classification"
                name: "letters"
              dataset:
                name: "letters"
                type: "letters"
                split: "validation"
              metrics:
                - type: "accuracy"
                  name: "accuracy (seed 42)"
                  value: 0.85
      ---

      <!-- Made by blora. Remove this line to keep the card as it is when the adapter is published again. -->

      # me/adapter

      A low-rank adapter of \`org/tiny\`, revision \`0123456789abcdef0123456789abcdef01234567\`, trained on letters with ranks and bit widths chosen within a budget
      (B-LoRA, arXiv 2406.13046).

      ## Results

      | metric | value | split | rows | seed | updates |
      | --- | --- | --- | --- | --- | --- |
      | accuracy | 0.8500 | validation | 40 | 42 | 900 |

      ## Cost

      | scope | multiply-accumulates a token | bit operations | LoRA in 32 bit | share |
      | --- | --- | --- | --- | --- |
      | adapter | 100 | 1600 | 102400 | 1.56 % |

      ## Ranks and bits

      2 of 2 matrices have an update. Components: 2 of 8 bits, 1 of 4 bits, 1 of 2 bits.

      | matrix | rank | A | B |
      | --- | --- | --- | --- |
      | \`encoder.layer.0.query\` | 3 | 8 4 2 | 8 4 2 |
      | \`encoder.layer.1.query\` | 1 | 8 | 8 |

      ## Load it

      In Python, as a plain LoRA adapter:

      \`\`\`python
      from peft import PeftModel
      from transformers import AutoModelForSequenceClassification

      base = AutoModelForSequenceClassification.from_pretrained("org/tiny", revision="0123456789abcdef0123456789abcdef01234567", num_labels=2)
      model = PeftModel.from_pretrained(base, "me/adapter")
      \`\`\`

      In TypeScript, at its learned widths:

      \`\`\`ts
      import { readAdapter } from "@blora/adapters";

      const { weights, description } = await readAdapter("folder of this repository");
      \`\`\`

      transformers.js reads whole models: merge the adapter first, \`blora merge --adapter <folder> --out <folder>\`, and export
      it to ONNX.
      "
    `);
  });

  test("needs a base model that is an id", async () => {
    const folder = await adapterFolder();
    expect(() => publishedFiles(folder, { name: "me/a", baseModel: "../tiny" })).toThrow(
      /expected the id of a Hub model/,
    );
  });
});

describe("an npm package", () => {
  test("packs, installs in an empty project, and gives its files by name", async () => {
    const folder = temporaryFolder();
    const packed = npmPackage(await files(), tinyAdapter().description, {
      name: "@me/adapter",
      version: "1.2.3",
      license: "apache-2.0",
    });
    mkdirSync(join(folder, "package"));
    for (const { path, bytes } of packed) writeFileSync(join(folder, "package", path), bytes);
    const npm = (cwd: string, ...parameters: string[]) =>
      execFileSync("npm", parameters, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const archive = npm(join(folder, "package"), "pack", "--silent", "--pack-destination", folder)
      .trim()
      .split("\n")
      .at(-1)!;
    mkdirSync(join(folder, "project"));
    writeFileSync(join(folder, "project", "package.json"), '{"private":true}');
    npm(join(folder, "project"), "install", join(folder, archive), "--no-audit", "--no-fund", "--offline");
    const installed = join(folder, "project", "node_modules", "@me", "adapter");
    expect(readdirSync(installed).sort()).toEqual(packed.map(({ path }) => path).sort());

    const manifest = JSON.parse(readFileSync(join(installed, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ baseModel: "org/tiny", baseRevision: "0123456789abcdef0123456789abcdef01234567" });
    for (const [name, { sha256, bytes }] of Object.entries<{ sha256: string; bytes: number }>(manifest.files)) {
      const content = readFileSync(join(installed, name));
      expect(content.length).toBe(bytes);
      expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
    }
    const { scripts, dependencies, main } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    expect({ scripts, dependencies, main }).toEqual({ scripts: undefined, dependencies: undefined, main: undefined });
    const resolved = execFileSync(process.execPath, ["-p", 'require.resolve("@me/adapter/blora_model.safetensors")'], {
      cwd: join(folder, "project"),
      encoding: "utf8",
    });
    expect(resolved.trim().endsWith(join("adapter", "blora_model.safetensors"))).toBe(true);
    expect((await readAdapter(installed)).description.task).toBe("letters");
  });

  test.each([
    ["Adapter", "1.0.0"],
    ["../x", "1.0.0"],
    ["adapter", "latest"],
  ])("refuses %s at %s", async (name, version) => {
    const all = await files();
    expect(() => npmPackage(all, tinyAdapter().description, { name, version })).toThrow(/Expected/);
  });
});
