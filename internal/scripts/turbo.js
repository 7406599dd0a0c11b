/**
 * `node internal/scripts/turbo.js [--quiet] task …` runs turbo with its
 * telemetry off, whatever the shell. With `--quiet` it speaks only on failure.
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const words = process.argv.slice(2);
const quiet = words[0] === "--quiet";
const task = quiet ? words.slice(1) : words;

const turbo = createRequire(import.meta.url).resolve("turbo/bin/turbo");
const settings = ["--concurrency=2", "--continue", "--output-logs=errors-only", "--ui=stream", "--no-update-notifier"];
const result = spawnSync(process.execPath, [turbo, "run", ...task, ...settings], {
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  stdio: quiet ? "pipe" : "inherit",
  encoding: "utf8",
});
if (quiet && result.status !== 0) console.error(`${result.stdout}${result.stderr}`);
process.exitCode = result.status ?? 1;
