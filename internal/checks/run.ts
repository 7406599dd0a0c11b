/**
 * `npm test`: every check, or those whose names start with one of the words
 * given (`npm test -- types lint`). The last line is always
 * `N passed, N failed, N skipped`.
 */
import { builtImports, pageImports } from "./built-imports.ts";
import type { Check, Outcome } from "./check.ts";
import { docCommands } from "./doc-commands.ts";
import { docExamples } from "./doc-examples.ts";
import { importDirections } from "./import-directions.ts";
import { packInstall } from "./pack-install.ts";
import { packageShape } from "./package-shape.ts";
import { promises } from "./promises.ts";
import { build, docs, lint, types, unused, versions } from "./static-checks.ts";
import { families, faults, unitTests } from "./unit-tests.ts";

const checks: readonly Check[] = [
  types,
  lint,
  importDirections,
  unused,
  versions,
  build,
  builtImports,
  pageImports,
  packageShape,
  packInstall,
  docs,
  promises,
  docExamples,
  docCommands,
  unitTests,
  faults,
  families,
];

const words = process.argv.slice(2);
const chosen = checks.filter(({ name }) => words.length === 0 || words.some((word) => name.startsWith(word)));

const outcomes: Outcome[] = [];
for (const check of chosen) outcomes.push(await report(check));
summarize(outcomes);

async function report(check: Check): Promise<Outcome> {
  console.log(`\n▶ ${check.name}`);
  const start = performance.now();
  const outcome = await check.run();
  if (outcome.failed > 0) console.log(outcome.output);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${outcome.failed === 0 ? "✔ passed" : "✖ FAILED"} in ${seconds} s`);
  return outcome;
}

function summarize(all: readonly Outcome[]): void {
  const total = (count: (outcome: Outcome) => number) => all.reduce((sum, outcome) => sum + count(outcome), 0);
  const skippedNames = all.flatMap(({ skippedNames = [] }) => skippedNames);
  if (skippedNames.length > 0) {
    console.log(
      `\n⚠ ${skippedNames.length} TESTS DID NOT RUN${process.env.BLORA_DATA ? "" : " (BLORA_DATA is not set)"}:`,
    );
    for (const name of skippedNames) console.log(`  ${name}`);
  }
  const failed = total((outcome) => outcome.failed);
  process.exitCode = failed > 0 || all.length === 0 ? 1 : 0;
  console.log(
    `\n${total((outcome) => outcome.passed)} passed, ${failed} failed, ${total((outcome) => outcome.skipped)} skipped`,
  );
}
