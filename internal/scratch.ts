import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One folder for all temporary files of a test run, of the programs it starts too. It goes when the run ends. */
export default function scratch(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "blora-tests-"));
  // As the folder it stands for: some tests run as another user.
  chmodSync(folder, 0o1777);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
