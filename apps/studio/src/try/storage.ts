/** Files that this browser keeps for the page, by name, in a folder of their own. */
export interface Shelf {
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, bytes: Uint8Array | string): Promise<void>;
  names(): Promise<string[]>;
  remove(name: string): Promise<void>;
  clear(): Promise<void>;
}

/**
 * A folder of the origin's private file system.
 *
 * @throws Error with a sentence where the browser keeps no files for the page, as in some private windows
 */
export async function openShelf(folder: string): Promise<Shelf> {
  const root = await navigator.storage.getDirectory().catch((cause: Error) => {
    throw new Error(
      `This browser keeps no files for pages here (${cause.message}): training works, but not after the tab is closed.`,
    );
  });
  const directory = async () => root.getDirectoryHandle(folder, { create: true });
  return {
    async read(name) {
      try {
        const file = await (await (await directory()).getFileHandle(name)).getFile();
        return new Uint8Array(await file.arrayBuffer());
      } catch {
        return undefined;
      }
    },
    async write(name, bytes) {
      const handle = await (await directory()).getFileHandle(name, { create: true });
      try {
        // What is written appears when it is closed, whole.
        const stream = await handle.createWritable();
        await stream.write(bytes as BufferSource | string);
        await stream.close();
      } catch (cause) {
        throw isFull(cause) ? new Error(await fullMessage(bytes.length), { cause }) : cause;
      }
    },
    async names() {
      const found: string[] = [];
      for await (const name of (await directory()).keys()) found.push(name);
      return found;
    },
    async remove(name) {
      await (await directory()).removeEntry(name).catch(() => undefined);
    },
    async clear() {
      await root.removeEntry(folder, { recursive: true }).catch(() => undefined);
    },
  };
}

function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}

async function fullMessage(bytes: number): Promise<string> {
  const { usage = 0, quota = 0 } = await navigator.storage.estimate();
  const mebibytes = (count: number) => `${(count / 2 ** 20).toFixed(1)} MiB`;
  return `Expected room for ${mebibytes(bytes)} that this browser keeps for the page, found ${mebibytes(Math.max(0, quota - usage))}. Free some in the browser's settings; what was saved before is kept.`;
}
