import { join } from "node:path";
import { npmPackage, readAdapterDescription } from "@blora/adapters";
import { requireEmptyFolder, requireFreeSpace, writeFileDurably, writeNewFolderDurably } from "@blora/files";
import { checkHubTarget, type PublishedFile, publishToHub } from "@blora/hub";
import type { Command } from "commander";
import { UsageError } from "../exit.ts";
import { printNote } from "../output/print-note.ts";
import { adapterFiles, describeFiles, listFiles } from "../run/adapter-files.ts";
import { adapterFolder } from "../run/adapter-folder.ts";
import { refuseIdle } from "./idle-flags.ts";

interface PublishFlags {
  readonly to: string;
  readonly out?: string;
  readonly baseModel?: string;
  readonly packageVersion: string;
  readonly license?: string;
  readonly merged?: string;
  readonly private?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addPublishCommand(program: Command): void {
  program
    .command("publish")
    .argument("<adapter>", "an adapter folder, or a run directory that holds one")
    .description(
      "publish an adapter with a model card: to the Hub (HF_TOKEN, or hf auth login), as an npm package, or to a folder that is absent or empty",
    )
    .requiredOption("--to <target>", "hub:<org/name>, npm:<package name>, or a folder")
    .option("--out <folder>", "npm: folder to write the package to (default: the package's name)")
    .option("--base-model <id>", "Hub id of the base model (default: the one the adapter was trained on)")
    .option("--package-version <version>", "npm: version of the package", "1.0.0")
    .option("--license <id>", "license of the adapter, such as apache-2.0")
    .option("--merged <folder>", "what blora merge wrote of this adapter: the card says how exact it is")
    .option("--private", "hub: make a new repository private")
    .option("--dry-run", "show every file that would go out, and send nothing")
    .option("--json", "print one JSON line")
    .action(async (path: string, flags: PublishFlags, command: Command) => {
      const target = parseTarget(flags.to);
      requireFlagsOf(target, command);
      if (target.kind === "hub") checkHubTarget({ repository: target.name }, flags.dryRun ?? false);
      if (target.kind !== "hub") requireEmptyFolder(folderOf(target, flags));
      const folder = await adapterFolder(path);
      const { files, baseModel } = await adapterFiles(folder, { ...flags, name: target.name });
      const sent =
        target.kind === "npm"
          ? npmPackage(
              files,
              { ...(await readAdapterDescription(folder)), baseModel: baseModel ?? "a local model" },
              { name: target.name, version: flags.packageVersion, license: flags.license },
            )
          : files;
      const { dryRun = false, json } = flags;
      const where = dryRun ? null : await send(sent, target, flags);
      if (json) process.stdout.write(`${JSON.stringify({ to: where, files: listFiles(sent) })}\n`);
      else
        process.stdout.write(
          `${describeFiles(sent, dryRun)}${where === null ? "dry run: nothing was sent" : `published to ${where}`}\n`,
        );
    });
}

/** @throws UsageError for a flag of another kind of target */
function requireFlagsOf({ kind }: Target, command: Command): void {
  const found = kind === "folder" ? "a folder" : `${kind}:`;
  if (kind !== "hub") refuseIdle(command, ["private"], { expected: "--to hub:<org/name>", found });
  if (kind !== "npm") refuseIdle(command, ["out", "packageVersion"], { expected: "--to npm:<package name>", found });
}

interface Target {
  readonly kind: "hub" | "npm" | "folder";
  readonly name: string;
}

/** @throws UsageError for a folder's name that is nearly a target of another kind */
export function parseTarget(to: string): Target {
  const [, kind, name] = /^(hub|npm):(.+)$/.exec(to) ?? [];
  if (kind !== undefined && name !== undefined) return { kind: kind as "hub" | "npm", name };
  const [, near, rest] = /^(?:(hub|hf|huggingface|npm)[/:]+|https:\/\/huggingface\.co\/)(.+)$/i.exec(to) ?? [];
  const also = rest === undefined ? "" : ` Did you mean ${near?.toLowerCase() === "npm" ? "npm" : "hub"}:${rest}?`;
  if (rest !== undefined || /^\w{2,}:/.test(to)) {
    throw new UsageError(
      `--to: expected hub:<org/name>, npm:<package name> or a folder, found ${JSON.stringify(to)}.${also} A folder of that name is ./${to}.`,
    );
  }
  return { kind: "folder", name: to };
}

async function send(files: readonly PublishedFile[], target: Target, flags: PublishFlags): Promise<string> {
  const { kind, name } = target;
  if (kind === "hub")
    return publishToHub(files, { repository: name, isPrivate: flags.private ?? false, onNote: printNote });
  const out = folderOf(target, flags);
  await writeNewFolder(out, files);
  return kind === "npm" ? `${out}: look at it, then run npm publish there` : out;
}

function folderOf({ kind, name }: Target, { out }: PublishFlags): string {
  return kind === "npm" ? (out ?? name.replace(/^@/, "").replace("/", "-")) : name;
}

/** Into a folder that is absent or empty: it holds every file or stays as it is. */
function writeNewFolder(out: string, files: readonly PublishedFile[]): Promise<void> {
  return writeNewFolderDurably(out, async (folder) => {
    const needed = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    await requireFreeSpace(folder, needed, { what: "the publication", advice: "Choose a folder with more room." });
    for (const { path, bytes } of files) await writeFileDurably(join(folder, path), bytes);
  });
}
