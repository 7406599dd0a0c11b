/** What a job may do besides computing. */
export interface JobHost<Event> {
  emit(event: Event): void;
  /**
   * Says that from here on a request to stop is left to the job, which looks
   * at `shouldStop`, saves and returns. Before, such a request ends the process.
   *
   * @param doing what the job then finishes, for the user
   */
  stopsItself(doing: string): void;
  shouldStop(): boolean;
}

/** Work of a child process. Input, events and result are plain data. */
export type Job<Input, Event, Result> = (input: Input, host: JobHost<Event>) => Promise<Result>;
