import type { ComponentManifest } from "@blora/spec";

/** A flag that sets one value. */
export interface Assignment {
  /** As the user wrote it. */
  readonly flag: string;
  /** Below the component, or from the training arguments. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/** What the flags of a command say of a run, and nothing they leave open. Plain data, so that it crosses to a child process. */
export interface RunRequest {
  /** Hub id or folder. */
  readonly model?: string | undefined;
  readonly revision?: string | undefined;
  readonly offline?: boolean | undefined;
  readonly task?: string | undefined;
  /** A name, or the whole manifest where a command chooses it. */
  readonly method?: string | ComponentManifest<"method"> | undefined;
  readonly data?: string | undefined;
  readonly engine?: string | undefined;
  readonly backend?: string | undefined;
  readonly threads?: number | undefined;
  readonly seed?: number | undefined;
  readonly bopsTarget?: number | undefined;
  /** Packages and files of plugins. */
  readonly plugin?: readonly string[] | undefined;
  /** Options of the task that have flags of their own. */
  readonly taskFlags?: readonly Assignment[] | undefined;
  /** `path=value`, later ones win. */
  readonly set?: readonly string[] | undefined;
  /** A `blora.config.ts`, for what no flag says. */
  readonly config?: string | undefined;
  /** Run directory. */
  readonly out?: string | undefined;
}
