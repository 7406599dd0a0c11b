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
  const root = await privateFolder();
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
      try {
        const handle = await (await directory()).getFileHandle(name, { create: true });
        // What is written appears when it is closed, whole.
        const stream = await handle.createWritable();
        await stream.write(bytes as BufferSource | string);
        await stream.close();
      } catch (cause) {
        throw isFull(cause) ? new Error(fullMessage(bytes.length), { cause }) : cause;
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

/** Names of the folders that are kept. */
export async function shelfNames(): Promise<string[]> {
  const found: string[] = [];
  for await (const name of (await privateFolder()).keys()) found.push(name);
  return found;
}

async function privateFolder(): Promise<FileSystemDirectoryHandle> {
  try {
    return await navigator.storage.getDirectory();
  } catch (cause) {
    throw new Error(
      `This browser keeps no files for pages here (${(cause as Error).message}): what is learned ends with this tab.`,
      { cause },
    );
  }
}

function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}

function fullMessage(bytes: number): string {
  return `Expected room for ${Math.ceil(bytes / 1000)} kB that this browser keeps for the page, found too little: training goes on, but what it learns from here on ends with this tab.`;
}
