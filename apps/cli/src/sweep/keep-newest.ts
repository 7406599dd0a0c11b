export interface NewestKeeper {
  /** A checkpoint was made. */
  note(step: number): void;
  /** Resolves when none is being kept any more. */
  ended(): Promise<void>;
}

/**
 * Keeps one checkpoint at a time, and of those that were made meanwhile the newest alone.
 *
 * @param onFailure told of one that was not kept, but for one that a newer takes the place of: training does not wait,
 *   and may have removed it
 */
export function keepNewest(
  keep: (step: number) => Promise<void>,
  onFailure: (step: number, error: Error) => void,
): NewestKeeper {
  let next: number | undefined;
  let keeping: Promise<void> | undefined;
  const keepAll = async (): Promise<void> => {
    for (let step = next; step !== undefined; step = next) {
      next = undefined;
      try {
        await keep(step);
      } catch (error) {
        if (next === undefined) onFailure(step, error as Error);
      }
    }
    keeping = undefined;
  };
  return {
    note(step) {
      next = step;
      keeping ??= keepAll();
    },
    ended: async () => keeping,
  };
}
