import type { DatasetName } from "@blora/adapters";
import { type PackageLookup, writeManifest } from "@blora/core";
import type { EventListener } from "@blora/runs";
import {
  type Architecture,
  type Component,
  type CostModel,
  type Engine,
  type Json,
  type Method,
  type PluginKind,
  type Task,
  type Tokenizer,
  toJson,
} from "@blora/spec";
import type { Checkpoint } from "@blora/weights";
import type { TrainingArgumentsInput } from "./arguments.ts";

/** What training and evaluation have in common. Every component is passed as a value. */
export interface RunParts {
  readonly architecture: Architecture;
  readonly method: Method;
  readonly task: Task;
  readonly costModel: CostModel;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /** The frozen network. */
  readonly checkpoint: Checkpoint;
  /** Hub id or folder of the checkpoint: recorded, never opened. */
  readonly model: string;
  /** Folder of the task's data; absent for built-in data. */
  readonly data?: string;
  /** The data set of the Hub that the folder holds: recorded, never opened. */
  readonly dataset?: DatasetName;
  readonly arguments?: TrainingArgumentsInput;
  /** npm package of a component by `kind/id`, recorded beside its name so that readers can be told what to install. */
  readonly packageOf?: PackageLookup;
  readonly onEvent?: EventListener;
}

export interface TrainRun extends RunParts {
  /** Run directory: made where absent, resumed where it holds an unfinished run. */
  readonly outputDirectory: string;
  /** Resume although settings differ from those the run was started with. */
  readonly allowConfigChange?: boolean;
  /** Remove an earlier run in the folder and start anew. */
  readonly overwrite?: boolean;
  /** Recorded in `blora-run.json`, by package name. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Adapter folder to go on from instead of fresh adapters: its sites, ranks and head. */
  readonly adapterDirectory?: string;
  /** Asked between steps; true saves a checkpoint and returns an interrupted summary. */
  readonly shouldStop?: () => boolean;
}

export interface EvaluateRun extends RunParts {
  /** Folder written by training (`adapter/`); absent: the network as it starts, with a fresh head. */
  readonly adapterDirectory?: string;
  /** Splits to evaluate; the task's evaluation splits by default. */
  readonly splits?: readonly string[];
  /** Told after every batch how many rows of a split are done, of how many. */
  readonly onRows?: (split: string, done: number, rows: number) => void;
}

/** JSON form of a component: its manifest where it was made by a plugin. */
export function manifestOf(component: object, packageOf?: PackageLookup): Json {
  if ("manifest" in component) return writeManifest(component as Component<PluginKind>, packageOf) as unknown as Json;
  return toJson(component);
}
