import type { Job } from "@blora/spec";
import type { ArrayOptions } from "../src/index.ts";

const job = (index: number, memoryBytes: number): Job => ({
  id: String(index).padStart(64, "0"),
  manifest: { work: "training" },
  needs: { memoryBytes, threads: index },
  inputs: [],
});

export const jobs: readonly Job[] = [job(1, 2 ** 30), job(2, 2 ** 29)];

export const options: ArrayOptions = {
  name: "blora-results",
  jobs,
  command: ["npx", "blora", "job"],
  rest: ["--list", "results/it's here.json"],
  folder: "/home/a user/work",
  atOnce: 8,
};
