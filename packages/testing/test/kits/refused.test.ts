import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { faults } from "./faults.ts";

interface Assertion {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

/** Titles of the laws that failed, by the mistake they were tried on. */
let failed: Map<string, string[]>;

beforeAll(async () => {
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const config = fileURLToPath(new URL("./faulty.config.ts", import.meta.url));
  const output = await new Promise<string>((resolve) => {
    // Failing tests give a failing exit status: only the report counts.
    execFile(
      process.execPath,
      [vitest, "run", "--config", config, "--reporter=json"],
      { maxBuffer: 2 ** 26 },
      (_error, stdout) => resolve(stdout),
    );
  });
  const report = JSON.parse(output.slice(output.indexOf("{"))) as { testResults: { assertionResults: Assertion[] }[] };
  failed = new Map(faults.map(({ mistake }) => [mistake, []]));
  for (const { ancestorTitles, title, status } of report.testResults.flatMap((file) => file.assertionResults)) {
    if (status === "failed") failed.get(ancestorTitles[0]!)!.push(title);
  }
});

test.each(faults)("$mistake is refused, by the laws it breaks", ({ mistake, caughtBy }) => {
  expect([...new Set(failed.get(mistake))]).toEqual(caughtBy);
});
