#!/usr/bin/env node
import { describeFailure } from "./exit.ts";
import { createProgram } from "./program.ts";

const setStatus = (status: number) => {
  process.exitCode = status;
};

try {
  await createProgram(setStatus).parseAsync();
} catch (error) {
  const { status, message } = describeFailure(error);
  if (message) process.stderr.write(`${message}\n`);
  setStatus(status);
}
