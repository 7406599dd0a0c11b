import { basename } from "node:path";
import type { JobEngine } from "@blora/spec";
import { openBullmq } from "../src/index.ts";

export const ATTEMPTS = 2;
/** Address of the server of a test, for workers in processes of their own too. */
export const ADDRESS = "BLORA_TEST_QUEUE";

/** The engine of the kit, here and in processes of their own: one queue for each folder. */
export async function open(folder: string): Promise<JobEngine> {
  const options = { queue: basename(folder), attempts: ATTEMPTS, leaseSeconds: 2 };
  return openBullmq(process.env[ADDRESS]!, options);
}
