/** Calls a pure function. */
export type TimeLimit = <Result>(work: () => Result) => Result;

/**
 * What `createTimeLimit` is in Node: a page cannot end what it runs, but whoever opens a tab can close it, and its
 * worker can be ended.
 */
export function createTimeLimit(_milliseconds: number, _what: string): TimeLimit {
  return (work) => work();
}
