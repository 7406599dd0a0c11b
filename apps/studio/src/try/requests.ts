/** Counts what this worker asks the network for. */
export interface RequestCount {
  /** From now on, beginning at 0. */
  begin(): void;
}

export function countRequests(onChange: (count: number) => void): RequestCount {
  let count = 0;
  let started = Infinity;
  // What is made of data or memory is no request.
  const isRequest = ({ name, startTime }: PerformanceEntry) => /^https?:/.test(name) && startTime >= started;
  new PerformanceObserver((list) => {
    const found = list.getEntries().filter(isRequest).length;
    if (found === 0) return;
    count += found;
    onChange(count);
  }).observe({ type: "resource" });
  return {
    begin() {
      started = performance.now();
      count = 0;
      onChange(0);
    },
  };
}
