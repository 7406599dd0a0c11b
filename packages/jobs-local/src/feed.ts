/** Values to any number of readers, each of which sees all that come after it began. */
export interface Feed<Value> {
  push(value: Value): void;
  /** Values from now on, after those given. */
  open(first: readonly Value[]): AsyncIterable<Value>;
  /** Ends every reader after what it has not read yet. */
  end(): void;
}

interface Reader<Value> {
  readonly unread: Value[];
  wake: () => void;
}

export function createFeed<Value>(): Feed<Value> {
  const readers = new Set<Reader<Value>>();
  let isEnded = false;

  async function* read(reader: Reader<Value>): AsyncGenerator<Value, void, undefined> {
    try {
      for (;;) {
        while (reader.unread.length > 0) yield reader.unread.shift()!;
        if (isEnded) return;
        await new Promise<void>((resolve) => {
          reader.wake = resolve;
        });
      }
    } finally {
      readers.delete(reader);
    }
  }

  return {
    push(value) {
      for (const reader of readers) {
        reader.unread.push(value);
        reader.wake();
      }
    },
    open(first) {
      const reader: Reader<Value> = { unread: [...first], wake: () => undefined };
      readers.add(reader);
      return read(reader);
    },
    end() {
      isEnded = true;
      for (const reader of readers) reader.wake();
    },
  };
}
