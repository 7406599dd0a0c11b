/** The folder that a target's inputs are put into, as the file that a user would have. */
export interface Place {
  readonly folder: string;
  at(name: string): string;
  /** Writes a file and gives its path. */
  write(name: string, content: Uint8Array | string): string;
}

/** A parser of bytes that somebody else wrote. */
export interface Target {
  readonly name: string;
  /** What every error must name: a file, or a part of its path. */
  readonly names: string;
  /** Inputs that are read, made by code of this repository. */
  seeds(): readonly (Uint8Array | string)[];
  /** Words of the format. */
  readonly words?: readonly string[];
  /** Whether inputs are JSON. */
  readonly json?: boolean;
  /** Inputs that `npm test` tries; 0 where only `npm run fuzz` does. */
  readonly tried: number;
  /** Seconds of the processor that one input may take. Default 1; more where the product itself has a limit of 1 s. */
  readonly seconds?: number;
  /** Writes what stands beside an input, once. */
  setUp?(place: Place): void | Promise<void>;
  /** Reads an input. It may throw errors of ours, and nothing else. */
  read(bytes: Uint8Array, place: Place): unknown;
}
