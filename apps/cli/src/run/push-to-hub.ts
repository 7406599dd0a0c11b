import { join } from "node:path";
import { checkHubTarget, publishToHub } from "@blora/hub";
import { BloraError, shellWord } from "@blora/spec";
import { UsageError } from "../exit.ts";
import { printNote } from "../output/print-note.ts";
import { adapterFiles, describeFiles } from "./adapter-files.ts";

/** Where training sends its adapter. */
export interface PushFlags {
  /** `org/name` */
  readonly pushToHub?: string | undefined;
  readonly private?: boolean | undefined;
  readonly pushDryRun?: boolean | undefined;
}

/**
 * Checks before training what would else be known only after it.
 *
 * @throws UsageError for flags without a repository, or a name that is none; InvalidInputError without a token
 */
export function checkPush({ pushToHub, pushDryRun = false, ...flags }: PushFlags): void {
  if (pushToHub === undefined) {
    const flag = pushDryRun ? "--push-dry-run" : flags.private ? "--private" : undefined;
    if (flag !== undefined) throw new UsageError(`${flag}: expected --push-to-hub <org/name> beside it, found none.`);
    return;
  }
  try {
    checkHubTarget({ repository: pushToHub }, pushDryRun);
  } catch (error) {
    if (!BloraError.isInstance(error)) throw error;
    throw new UsageError(`--push-to-hub: ${error.message}`, { cause: error });
  }
}

/**
 * Sends the adapter of a finished run where flags ask for it.
 *
 * @returns what to tell the user
 * @throws BloraError that says where the adapter lies, and how to send it again
 */
export async function pushToHub(
  run: string,
  { pushToHub: name, pushDryRun = false, ...flags }: PushFlags,
): Promise<string> {
  if (name === undefined) return "";
  const folder = join(run, "adapter");
  try {
    const { files } = await adapterFiles(folder, { name });
    if (pushDryRun) return `${describeFiles(files, true)}dry run: nothing was sent\n`;
    const target = { repository: name, isPrivate: flags.private ?? false, onNote: printNote };
    return `published to ${await publishToHub(files, target)}\n`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const again = `blora publish ${shellWord(run)} --to hub:${name}${flags.private ? " --private" : ""}`;
    throw new BloraError(`${reason} The training is done, and its adapter lies in ${folder}. To send it: ${again}`, {
      cause: error,
    });
  }
}
