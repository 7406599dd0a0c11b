import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const PAGE = 4096;

const newFolder = (): string => mkdtempSync(join(tmpdir(), "blora-disk-"));
const mount = (folder: string, options: string): void => {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "pipe" });
};

/** A disk of its own takes a privilege that not everybody has. */
export const CAN_MOUNT: boolean = canMount();
if (!CAN_MOUNT) console.warn("SKIPPED: full and read-only disks, because this user may mount none.");

function canMount(): boolean {
  const folder = newFolder();
  try {
    mount(folder, "size=64k");
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string;
  /** Leaves so many pages of 4 KiB free. */
  leaveFree(pages: number): void;
  /** Takes away what `leaveFree` filled. */
  free(): void;
  makeReadOnly(): void;
  close(): void;
}

/** A disk in memory of so many pages, until it is closed. */
export function openSmallDisk(pages: number): SmallDisk {
  const path = newFolder();
  mount(path, `size=${pages * PAGE}`);
  const filler = (): string => join(path, "filler");
  const disk = {
    path,
    close() {
      execFileSync("umount", [path]);
      rmSync(path, { recursive: true });
    },
    leaveFree(left: number) {
      disk.free();
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(filler(), Buffer.alloc(Math.max(0, bavail * bsize - left * PAGE)));
    },
    free() {
      rmSync(filler(), { force: true });
    },
    makeReadOnly() {
      execFileSync("mount", ["-o", "remount,ro", path]);
    },
  };
  return disk;
}
