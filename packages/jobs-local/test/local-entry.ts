import { join } from "node:path";
import type { Component } from "@blora/spec";
import { localJobs } from "../src/index.ts";

export const ATTEMPTS = 2;

/** The engine of the kit, here and in processes of their own. */
export async function open(folder: string): Promise<Component<"jobs">> {
  return localJobs({ folder: join(folder, "leases"), attempts: ATTEMPTS });
}
