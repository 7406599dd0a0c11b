/** What happens when, in a world whose time only events move. */
export interface EventQueue {
  /** Seconds. */
  readonly now: number;
  /** Calls `act` at a time that is not over; of several at one time, in the order they were given. */
  at(time: number, act: () => void): void;
  /** Until nothing is to happen, or `isOver`. */
  run(isOver: () => boolean): void;
}

interface Event {
  readonly time: number;
  readonly order: number;
  readonly act: () => void;
}

/** A binary heap. */
export function createEventQueue(): EventQueue {
  const heap: Event[] = [];
  let now = 0;
  let order = 0;

  const push = (event: Event): void => {
    let place = heap.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent]!, event)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = event;
  };

  const pop = (): Event | undefined => {
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (isBefore(last, heap[child]!)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  };

  return {
    get now() {
      return now;
    },
    at(time, act) {
      if (!(time >= now)) throw new RangeError(`expected a time from ${now} on, found ${time}`);
      push({ time, order: order++, act });
    },
    run(isOver) {
      while (!isOver()) {
        const event = pop();
        if (event === undefined) return;
        now = event.time;
        event.act();
      }
    },
  };
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
