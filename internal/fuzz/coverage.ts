/** How often each block of the counted modules ran, as a byte, since somebody set it to 0. */
export interface Counters {
  readonly counts: Uint8Array;
  /** Blocks of all modules so far. */
  size(): number;
  /** Counters of a module that is being loaded. */
  add(blocks: number): Uint8Array;
}

/** All sources have some ten thousand blocks. */
const MOST_BLOCKS = 1 << 17;

export function createCounters(): Counters {
  const counts = new Uint8Array(MOST_BLOCKS);
  let size = 0;
  return {
    counts,
    size: () => size,
    add(blocks) {
      const start = size;
      size += blocks;
      if (size > MOST_BLOCKS) throw new Error(`expected at most ${MOST_BLOCKS} blocks`);
      return counts.subarray(start, size);
    },
  };
}

/** What the inputs so far have reached. */
export interface Coverage {
  /** Whether since the last call a block ran that never had, or ran twice as often or half as often as it ever had. */
  isNew(): boolean;
}

export function watchCoverage({ counts, size }: Counters): Coverage {
  const words = new Uint32Array(counts.buffer);
  /** A bit for each power of two of each block. */
  const seen = new Uint8Array(counts.length);
  const isNewBlock = (block: number): boolean => {
    const count = counts[block]!;
    const power = count === 0 ? 0 : 1 << (31 - Math.clz32(count));
    if ((seen[block]! | power) === seen[block]) return false;
    seen[block]! |= power;
    return true;
  };
  return {
    isNew() {
      let isNew = false;
      const end = Math.ceil(size() / 4);
      for (let word = 0; word < end; word++) {
        // Most blocks of most inputs did not run: four at once.
        if (words[word] === 0) continue;
        for (let block = 4 * word; block < 4 * word + 4; block++) isNew = isNewBlock(block) || isNew;
        words[word] = 0;
      }
      return isNew;
    },
  };
}
