import { stat } from "node:fs/promises";
import { join } from "node:path";

/** The adapter in a folder: the folder itself, or `adapter/` of a run directory. */
export async function adapterFolder(path: string): Promise<string> {
  const inRun = join(path, "adapter");
  const isRun = await stat(inRun).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  return isRun ? inRun : path;
}
