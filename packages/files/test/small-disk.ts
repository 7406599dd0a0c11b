import { afterEach, beforeEach } from "vitest";
import { openSmallDisk, type SmallDisk } from "../../../internal/small-disk.ts";

export { CAN_MOUNT, openSmallDisk, PAGE } from "../../../internal/small-disk.ts";

/** A disk in memory of so many pages, new for every test. */
export function useSmallDisk(pages: number): Omit<SmallDisk, "close"> {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = openSmallDisk(pages);
  });
  afterEach(() => disk.close());
  return {
    get path() {
      return disk.path;
    },
    leaveFree: (left) => disk.leaveFree(left),
    free: () => disk.free(),
    makeReadOnly: () => disk.makeReadOnly(),
  };
}
