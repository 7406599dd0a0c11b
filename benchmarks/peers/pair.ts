import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { trainingEnvironment } from "@blora/cli";
import { type GlueTaskName, glue } from "@blora/task-glue";
import { median } from "../step/measure.ts";
import type { OurResult, PeerSpec } from "./ours.ts";

/** One side of a comparison. */
export interface Side {
  /** Of the best and of the last evaluation. */
  readonly best: number;
  readonly last: number;
  readonly secondsPerEpoch: number;
  /** Padding is not counted. Median over the steps after the first three. */
  readonly tokensPerSecond: number;
  readonly peakRssBytes: number;
  readonly adapterBytes: number;
  /** Task loss plus penalty, by step. */
  readonly losses: readonly number[];
}

export interface Pair {
  readonly task: GlueTaskName | number;
  readonly method: string;
  readonly seed: number;
  readonly steps: number;
  readonly rows: { readonly train: number; readonly eval: number };
  readonly metric: string;
  readonly paddingShare: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly ours: Side;
  readonly peft: Side;
}

export interface PeerResult {
  readonly versions: Readonly<Record<string, string>>;
  readonly losses: readonly number[];
  readonly seconds: readonly number[];
  readonly evaluations: readonly { readonly step: number; readonly logits: readonly (readonly number[])[] }[];
  readonly peakRssBytes: number;
  readonly adapterBytes: number;
}

const WARM_UP_STEPS = 3;

/** Trains with ours in a process of its own, and leaves the job for the peer in the folder. */
export function runOurs(spec: PeerSpec): OurResult {
  mkdirSync(spec.folder, { recursive: true });
  writeFileSync(join(spec.folder, "spec.json"), JSON.stringify(spec));
  const script = [scriptPath("ours.ts"), join(spec.folder, "spec.json")];
  execFileSync(process.execPath, ["--import", "tsx", ...script], { stdio: "inherit", env: environment(spec.threads) });
  return readJson<OurResult>(spec.folder, "ours.json");
}

/** Trains the job of the folder with PEFT in a process of its own, in a mode of `train.py`. */
export function runPeer(spec: PeerSpec, python: string, mode = "eager"): PeerResult {
  const script = [scriptPath("train.py"), spec.folder, String(spec.threads), mode];
  execFileSync(python, script, { stdio: "inherit", env: environment(spec.threads) });
  return readJson<PeerResult>(spec.folder, "result.json");
}

/** Median over the steps after the first. Padding is not counted. */
export function tokensPerSecond(seconds: readonly number[], tokens: readonly number[]): number {
  return median(seconds.map((each, step) => tokens[step]! / each).slice(WARM_UP_STEPS));
}

/** Trains the same run with both, one after the other. */
export function runPair(spec: PeerSpec, python: string): Pair {
  const ours = runOurs(spec);
  const peer = runPeer(spec, python);
  const job = readJson<{ train: unknown[]; evaluation: { label: number }[] }>(spec.folder, "job.json");
  const scores = typeof spec.task === "number" ? [0] : peerScores(spec.task, ours.metric, peer, job.evaluation);
  const speed = (seconds: readonly number[]) => ({
    secondsPerEpoch: (sum(seconds) / seconds.length) * ours.stepsPerEpoch,
    tokensPerSecond: tokensPerSecond(seconds, ours.tokens),
  });
  return {
    task: spec.task,
    method: spec.method.name,
    seed: spec.arguments.seed!,
    steps: ours.losses.length,
    rows: { train: job.train.length, eval: job.evaluation.length },
    metric: ours.metric,
    paddingShare: ours.paddingShare,
    versions: peer.versions,
    ours: {
      best: ours.best,
      last: ours.last,
      ...speed(ours.seconds),
      peakRssBytes: ours.peakRssBytes,
      adapterBytes: ours.adapterBytes,
      losses: ours.losses,
    },
    peft: {
      best: Math.max(...scores),
      last: scores.at(-1)!,
      ...speed(peer.seconds),
      peakRssBytes: peer.peakRssBytes,
      adapterBytes: peer.adapterBytes,
      losses: peer.losses,
    },
  };
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** The allocator that `blora train` sets, for both. */
function environment(threads: number): NodeJS.ProcessEnv {
  return { ...trainingEnvironment(), OMP_NUM_THREADS: String(threads) };
}

function readJson<T>(folder: string, name: string): T {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as T;
}

/** The peer's logits, scored by the task's own metric. */
function peerScores(
  task: GlueTaskName,
  metric: string,
  { evaluations }: PeerResult,
  rows: readonly { label: number }[],
) {
  const labels = rows.map(({ label }) => label);
  return evaluations.map(({ logits }) => glue({ task }).score(Float32Array.from(logits.flat()), labels)[metric]!);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
