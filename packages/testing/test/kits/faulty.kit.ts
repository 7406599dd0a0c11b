import { describe } from "vitest";
import { faults } from "./faults.ts";

// Run by refused.test.ts in a vitest of its own, where these tests are meant to fail.
for (const { mistake, register } of faults) describe(mistake, register);
