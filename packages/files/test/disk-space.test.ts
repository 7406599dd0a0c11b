import { expect, it } from "vitest";
import { requireFreeSpace } from "../src/disk-space.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const PURPOSE = { what: "checkpoints", advice: "Free some space or keep fewer." };

it("says how much is needed and how much there is, and what to do", async () => {
  const folder = temporaryFolder();
  await expect(requireFreeSpace(folder, 3 * 2 ** 20, PURPOSE, async () => 2 ** 20)).rejects.toMatchObject({
    message: `${folder}: expected 3.0 MiB free for checkpoints, found 1.0 MiB. Free some space or keep fewer.`,
    // Who may be on another machine knows it by this.
    code: "ENOSPC",
  });
  await requireFreeSpace(folder, 1, PURPOSE);
});
