import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Check, Outcome } from "./check.ts";
import { root, tool } from "./command.ts";

/** The part of vitest's JSON report that is read. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly meta?: { readonly came?: string };
    }[];
  }[];
}

const FAULTS = "internal/faults";
const FAMILIES = "internal/families";

/** Every vitest test but those of checks of their own, type tests included. Each one counts. */
export const unitTests: Check = {
  name: "tests: vitest, unit, parity and type tests",
  run: async () => {
    const { ok, output, report } = await vitest(
      ["--typecheck", ...[FAULTS, FAMILIES].map((folder) => `--exclude=${folder}/**`)],
      true,
    );
    return outcomeOf(ok, output, report);
  },
};

/** Bad things done for real. Prints a line for each: what was done, and what came. */
export const faults: Check = {
  name: "faults: bad files, data, signals and disks, and what comes of each",
  run: async () => {
    const { ok, output, report } = await vitest([FAULTS], false);
    for (const line of faultLines(report)) console.log(line);
    const outcome = outcomeOf(ok, output, report);
    return { ...outcome, output: outcome.failed > 0 ? output : "" };
  },
};

/** Tiny models with adapters of every method and scope. */
export const families: Check = {
  name: "families: every family and scope through every command",
  run: async () => {
    const { ok, output, report } = await vitest([FAMILIES, "--maxWorkers=2"], true);
    return outcomeOf(ok, output, report);
  },
};

async function vitest(parameters: readonly string[], live: boolean) {
  const folder = await mkdtemp(path.join(tmpdir(), "unit-tests-"));
  const reportFile = path.join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
    const { ok, output } = await tool("vitest", ["run", ...parameters, ...reporters], { live });
    return { ok, output, report: await readReport(reportFile) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** In the order of their numbers, which begin their names: `fault 12: what was done`. */
function faultLines(report: Report | undefined): string[] {
  const tests = (report?.testResults ?? []).flatMap(({ assertionResults }) => assertionResults);
  return tests
    .map(({ fullName, status, meta }) => `${fullName} -> ${meta?.came ?? status}`)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

function outcomeOf(ok: boolean, output: string, report: Report | undefined): Outcome {
  const tests = (report?.testResults ?? []).flatMap((file) =>
    file.assertionResults.map((test) => ({ ...test, name: `${path.relative(root, file.name)}: ${test.fullName}` })),
  );
  const passed = tests.filter(({ status }) => status === "passed").length;
  const failed = tests.filter(({ status }) => status === "failed").length + filesThatDoNotLoad(report);
  const skipped = tests.filter(({ status }) => status !== "passed" && status !== "failed");
  // An error outside any test fails the run without failing a test.
  const unaccounted = !ok && failed === 0 ? 1 : 0;
  return {
    passed,
    failed: failed + unaccounted,
    skipped: skipped.length,
    skippedNames: skipped.map(({ name }) => name),
    output: unaccounted === 0 ? "" : output.slice(-4000),
  };
}

function filesThatDoNotLoad(report: Report | undefined): number {
  return (report?.testResults ?? []).filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
}
