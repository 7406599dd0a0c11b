import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { MissingDependencyError } from "@blora/spec";
import { runCommand } from "./run-command.ts";

/** What the addon is compiled and linked against, inside the Python package `tensorflow`. */
export const WHEEL_FILES = {
  headers: "include",
  library: "libtensorflow_cc.so.2",
  framework: "libtensorflow_framework.so.2",
} as const;

const PRINT_FOLDER =
  "import importlib.util as u; s = u.find_spec('tensorflow'); print(s.submodule_search_locations[0] if s else '')";

/**
 * Folder of the Python package `tensorflow`: the given one (its parent
 * `site-packages` will do), or that of `python3`. Throws
 * `MissingDependencyError` where it is absent or incomplete.
 */
export async function findTensorflow(given: string | undefined): Promise<string> {
  const folder = given === undefined ? await askPython() : resolve(given);
  const candidates = [folder, join(folder, "tensorflow")];
  const found = candidates.find((candidate) => missingFiles(candidate).length === 0);
  if (found !== undefined) return found;
  throw new MissingDependencyError(
    `${folder} is no TensorFlow to build against: it lacks ${missingFiles(folder).join(", ")}. Install TensorFlow 2.16 or newer for Linux: "pip install tensorflow" (CUDA) or "pip install tensorflow-cpu".`,
  );
}

async function askPython(): Promise<string> {
  const { succeeded, output } = await runCommand("python3", ["-c", PRINT_FOLDER], { folder: process.cwd() });
  const folder = output.trim();
  if (succeeded && folder !== "") return folder;
  throw new MissingDependencyError(
    `python3 has no package tensorflow: run "pip install tensorflow" (CUDA) or "pip install tensorflow-cpu", or name the folder of one.`,
  );
}

function missingFiles(folder: string): string[] {
  const needed = [join(WHEEL_FILES.headers, "tensorflow/c/eager/c_api.h"), WHEEL_FILES.library, WHEEL_FILES.framework];
  return needed.filter((file) => !existsSync(join(folder, file)));
}
