export interface TaskKitOptions {
  /** Folder to load the splits from. Omit where the task has built-in data. */
  readonly folder?: string;
  /** Whether the training and evaluation splits can be loaded. Default true. */
  readonly load?: boolean;
  /** The score of perfect predictions, of every metric or by its name. Default 1. */
  readonly perfectScore?: number | Readonly<Record<string, number>>;
  /** Labels a regression is tried on. Default 0, 1, … 5. */
  readonly scores?: readonly number[];
}
