#!/usr/bin/env node
import { describeFailure } from "./exit.ts";
import { createProgram } from "./program.ts";

const setStatus = (status: number) => {
  process.exitCode = status;
};

// A reader that has seen enough, such as `head`, is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  await createProgram(setStatus).parseAsync();
} catch (error) {
  const { status, message } = describeFailure(error);
  if (message) process.stderr.write(`${message}\n`);
  setStatus(status);
}
