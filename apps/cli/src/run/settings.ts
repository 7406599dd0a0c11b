import type { ComponentManifest } from "@blora/spec";
import type { TrainingArgumentsInput } from "@blora/trainer";

/** A run as plain data: what flags say, and what crosses to the training thread. */
export interface RunSettings {
  /** Hub id or folder; undefined for the built-in model. */
  readonly model: string | undefined;
  readonly revision: string | undefined;
  readonly offline: boolean;
  readonly task: ComponentManifest<"task">;
  /** Says which run of a `configFile` that lists several. */
  readonly taskName: string;
  readonly data: string | undefined;
  readonly method: ComponentManifest<"method">;
  readonly engine: ComponentManifest<"engine">;
  readonly out: string;
  /** Adapter folder training goes on from. */
  readonly adapter?: string;
  readonly arguments: TrainingArgumentsInput;
  /** A `blora.config.ts` whose values stand in for the fields above. */
  readonly configFile: string | undefined;
}
