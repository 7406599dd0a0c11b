import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLockWatch, LOCK_FILE, lockFolder } from "@blora/files";

export interface MemoryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Files in memory, where the system has them. */
const MEMORY = "/dev/shm";
const PREFIX = "blora-fuzz-";

/** A folder of this process for inputs. Those of processes that were killed are removed first: they take memory until then. */
export async function openMemoryFolder(
  parent: string = existsSync(MEMORY) ? MEMORY : realpathSync(tmpdir()),
): Promise<MemoryFolder> {
  await removeAbandoned(parent);
  const path = mkdtempSync(join(parent, PREFIX));
  const lock = await lockFolder(path);
  return {
    path,
    async remove() {
      await lock.release();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

async function removeAbandoned(parent: string): Promise<void> {
  const watch = createLockWatch();
  for (const name of readdirSync(parent).filter((name) => name.startsWith(PREFIX))) {
    const path = join(parent, name);
    const { state, text } = await watch.judge(join(path, LOCK_FILE)).catch(() => ({ state: "held", text: undefined }));
    // Without a lock it is one that is being made.
    if (state === "free" && text !== undefined) rmSync(path, { recursive: true, force: true });
  }
}
