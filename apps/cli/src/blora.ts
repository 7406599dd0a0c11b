#!/usr/bin/env node
import { describeFailure } from "./exit.ts";
import { outputError, requireWholeOutput } from "./output/whole-output.ts";
import { createProgram } from "./program.ts";

const setStatus = (status: number) => {
  process.exitCode = status;
};

// A reader that has seen enough, such as `head`, is no fault. Each write fails for itself: the first is told.
let isTold = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && !isTold) fail(outputError(error));
  isTold = true;
});

// Nor is a terminal that was closed, or a reader of notes and progress: the work goes on, or is saved.
process.stderr.on("error", () => undefined);

try {
  requireWholeOutput();
  await createProgram(setStatus).parseAsync();
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  const { status, message } = describeFailure(error);
  if (message) process.stderr.write(`${message}\n`);
  setStatus(status);
}
