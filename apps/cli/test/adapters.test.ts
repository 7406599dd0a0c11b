import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { builtinModelFolder } from "@blora/builtin";
import { afterAll, beforeAll, expect, test } from "vitest";

const program = fileURLToPath(new URL("../dist/blora.js", import.meta.url));
const tiny = ["--set", "maxTrainSamples=64", "--set", "maxEvalSamples=32", "--threads", "1", "--json"];
const run = promisify(execFile);
const blora = async (...args: string[]): Promise<string> => (await run(process.execPath, [program, ...args])).stdout;

let folder: string;
let trained: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-adapters-"));
  trained = join(folder, "run");
  await blora("train", "--out", trained, "--set", "maxSteps=12", ...tiny);
});
afterAll(() => rm(folder, { recursive: true }));

test("an adapter of PEFT alone is scored as the one it came from, and trained on", async () => {
  const peft = join(folder, "peft");
  await mkdir(peft);
  for (const name of ["adapter_config.json", "adapter_model.safetensors"])
    await cp(join(trained, "adapter", name), join(peft, name));
  const score = async (path: string) => JSON.parse(await blora("eval", path, ...tiny)).splits.validation.scores;
  expect(await score(peft)).toEqual(await score(trained));
  const { r } = JSON.parse(await readFile(join(peft, "adapter_config.json"), "utf8"));
  const inspected = JSON.parse(await blora("inspect", peft, "--json"));
  expect(inspected).toMatchObject({ baseModel: "builtin", taskType: "SEQ_CLS", method: "LORA", alpha: r });
  expect(Math.max(...(Object.values(inspected.ranks) as number[]))).toBe(r);
  const { report } = JSON.parse(await blora("bops", "--adapter", peft, "--json"));
  expect(new Set(report.rows.map(({ path }: { path: string }) => path))).toEqual(new Set(Object.keys(inspected.ranks)));
  const onward = await blora("train", "--adapter", peft, "--out", join(folder, "on"), "--set", "maxSteps=2", ...tiny);
  expect(JSON.parse(onward)).toMatchObject({ steps: 2, method: { $plugin: "method/lora" } });
});

test("an adapter of the Hub goes by its id, offline from the cache", async () => {
  const cache = join(folder, "cache");
  const repository = join(cache, "models--me--adapter");
  const commit = "b".repeat(40);
  await mkdir(join(repository, "refs"), { recursive: true });
  await writeFile(join(repository, "refs", "v1"), commit);
  await cp(join(trained, "adapter"), join(repository, "snapshots", commit), { recursive: true });
  const inspect = (...args: string[]) =>
    run(process.execPath, [program, "inspect", ...args, "--json"], { env: { ...process.env, HF_HUB_CACHE: cache } });
  const { stdout } = await inspect("me/adapter", "--adapter-revision", "v1", "--offline");
  const alone = join(folder, "alone");
  await cp(join(trained, "adapter"), alone, { recursive: true });
  expect(stdout).toBe(await blora("inspect", alone, "--json"));
  await expect(inspect("me/adapter", "--offline")).rejects.toThrow(/me\/adapter at revision main is not in the cache/);
});

test("a branch of learned widths takes less than its float32 matrices and gives the model's logits", async () => {
  const exported = async (...args: string[]) =>
    JSON.parse(await blora("export", "--adapter", trained, "--json", ...args));
  const branch = await exported("--adapter-form", "branch", "--out", join(folder, "branch"));
  const merged = await exported("--out", join(folder, "merged-graph"), "--no-measure");
  const { sizes } = JSON.parse(await blora("inspect", trained, "--json"));
  expect(branch.largestDifference).toBeLessThan(1e-5);
  expect(branch.bytes - merged.bytes).toBeLessThan(sizes.matrices.float32);
});

async function trainSite(name: string): Promise<string> {
  const site = join(folder, name);
  const scope = ["--set", "method.scope=site", "--bops-target", "0.2", "--set", "method.siteQuantizer.maxBits=4"];
  await blora("train", "--out", site, "--set", "maxSteps=6", ...scope, ...tiny);
  return site;
}

test("merge refuses an adapter whose evaluation rounds more, and names the difference where asked for", async () => {
  const site = await trainSite("site-merge");
  const out = join(folder, "merge-of-site");
  await expect(blora("merge", "--adapter", site, "--out", out, "--json")).rejects.toThrow(
    /expected an adapter whose evaluation rounds nothing besides itself, found scope site.*--plain/,
  );
  expect(existsSync(out)).toBe(false);
  const { largestDifference } = JSON.parse(await blora("merge", "--adapter", site, "--out", out, "--plain", "--json"));
  expect(largestDifference).toBeGreaterThan(1e-3);
});

test("export writes an adapter whose evaluation rounds more as it is evaluated, its plain update where asked for", async () => {
  const site = await trainSite("site-export");
  const exported = async (...flags: string[]) =>
    JSON.parse(await blora("export", "--adapter", site, "--json", ...flags));
  const evaluated = await exported("--out", join(folder, "export-of-site"));
  expect(evaluated.largestDifference).toBeLessThan(1e-4);
  const plain = await exported("--out", join(folder, "plain-of-site"), "--plain");
  expect(plain.largestDifference).toBeGreaterThan(1e-3);
});

test.skipIf(!process.env.BLORA_DATA)("an export of a model with only spm.model has a tokenizer.json", async () => {
  const model = join(folder, "spm");
  await mkdir(model);
  for (const name of ["config.json", "model.safetensors"])
    await cp(join(builtinModelFolder(), name), join(model, name));
  await cp(join(process.env.BLORA_DATA!, "tokenizers", "deberta-v3", "spm.model"), join(model, "spm.model"));
  const out = join(folder, "spm-exported");
  const summary = await blora("export", "--adapter", trained, "--model", model, "--out", out, "--json");
  expect(JSON.parse(summary).tokenizer).toEqual(["spm.model", "tokenizer.json", "tokenizer_config.json"]);
  expect(JSON.parse(await readFile(join(out, "tokenizer_config.json"), "utf8"))).toMatchObject({ pad_token: "[PAD]" });
});

test("merging prints how far the logits of a sample are off", async () => {
  const { merged, replaced, largestDifference } = JSON.parse(
    await blora("merge", "--adapter", trained, "--out", join(folder, "merged"), "--json"),
  );
  expect({ merged, replaced }).toEqual({ merged: 24, replaced: 4 });
  expect(largestDifference).toBeLessThan(1e-3);
});

test("a dry run of publishing shows every file and writes nothing", async () => {
  const before = await readdir(folder);
  const shown = await blora(
    "publish",
    trained,
    "--to",
    "npm:@me/adapter",
    "--out",
    join(folder, "package"),
    "--dry-run",
  );
  for (const name of [
    "README.md",
    "package.json",
    "manifest.json",
    "adapter_model.safetensors",
    "blora_model.safetensors",
  ])
    expect(shown).toMatch(new RegExp(`bytes  [0-9a-f]{64}  ${name}`));
  expect(await readdir(folder)).toEqual(before);
});

test("inspecting says what an adapter weighs in every form", async () => {
  const { sizes } = JSON.parse(await blora("inspect", trained, "--json"));
  expect(sizes.matrices.packed * 4).toBeLessThan(sizes.matrices.float32);
});

test("a base without a tokenizer is merged, measured with drawn tokens", async () => {
  const fixture = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));
  const out = join(folder, "without-tokenizer");
  const adapter = ["--adapter", fixture("peft/ours/qwen2.mixed"), "--model", fixture("causal/qwen2.5")];
  const said = await blora("merge", ...adapter, "--out", out);
  const [, measure] = said.split("\n");
  expect(measure).toMatch(
    /^logits of 6 texts of drawn tokens \(the model has no tokenizer\) differ by at most \d\.\d\de-[5-9] \(largest logit [1-9]\.\d\d\)$/,
  );
  expect((await readdir(out)).sort()).toEqual(["blora_merge.json", "config.json", "model.safetensors"]);
});
