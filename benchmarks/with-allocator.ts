/**
 * Runs a script as `blora train` runs training: with its allocator settings, which are read as a process starts.
 *
 *   tsx benchmarks/with-allocator.ts benchmarks/step/blora.ts --threads 2
 */
import { spawnSync } from "node:child_process";
import { trainingEnvironment } from "@blora/cli";

const { status } = spawnSync(process.execPath, ["--import", "tsx", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: trainingEnvironment(),
});
process.exitCode = status ?? 1;
