import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One folder for all temporary files of a test run, of the programs it starts too. It goes when the run ends. */
export default function scratch(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "blora-tests-"));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
