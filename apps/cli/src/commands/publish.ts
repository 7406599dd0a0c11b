import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hubBaseModel, npmPackage, publishedFiles, readAdapterDescription } from "@blora/adapters";
import { sha256 } from "@blora/files";
import { type PublishedFile, publishToHub } from "@blora/hub";
import type { Command } from "commander";
import { adapterFolder } from "../run/adapter-folder.ts";

interface PublishFlags {
  readonly to: string;
  readonly out?: string;
  readonly baseModel?: string;
  readonly packageVersion: string;
  readonly license?: string;
  readonly private?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addPublishCommand(program: Command): void {
  program
    .command("publish")
    .argument("<adapter>", "an adapter folder, or a run directory that holds one")
    .description(
      "publish an adapter with a model card: to the Hub (HF_TOKEN, or hf auth login), as an npm package, or to a folder",
    )
    .requiredOption("--to <target>", "hub:<org/name>, npm:<package name>, or a folder")
    .option("--out <folder>", "npm: folder to write the package to (default: the package's name)")
    .option("--base-model <id>", "Hub id of the base model (default: the one the adapter was trained on)")
    .option("--package-version <version>", "npm: version of the package", "1.0.0")
    .option("--license <id>", "license of the adapter, such as apache-2.0")
    .option("--private", "hub: make a new repository private")
    .option("--dry-run", "show every file that would go out, and send nothing")
    .option("--json", "print one JSON line")
    .action(async (path: string, flags: PublishFlags) => {
      const folder = await adapterFolder(path);
      const target = parseTarget(flags.to);
      const description = await readAdapterDescription(folder);
      const baseModel = flags.baseModel ?? hubBaseModel(description);
      const files = publishedFiles(folder, { name: target.name, baseModel, license: flags.license });
      const sent =
        target.kind === "npm"
          ? npmPackage(
              files,
              { ...description, baseModel: baseModel ?? "a local model" },
              { name: target.name, version: flags.packageVersion, license: flags.license },
            )
          : files;
      const where = flags.dryRun ? "nowhere: a dry run" : await send(sent, target, flags);
      const listed = sent.map(({ path: name, bytes }) => ({
        path: name,
        bytes: bytes.length,
        sha256: sha256(bytes),
      }));
      if (flags.json) process.stdout.write(`${JSON.stringify({ to: where, files: listed })}\n`);
      else process.stdout.write(`${flags.dryRun ? contents(sent) : ""}${table(listed)}published to ${where}\n`);
    });
}

interface Target {
  readonly kind: "hub" | "npm" | "folder";
  readonly name: string;
}

function parseTarget(to: string): Target {
  const [, kind, name] = /^(hub|npm):(.+)$/.exec(to) ?? [];
  return kind === undefined || name === undefined
    ? { kind: "folder", name: to }
    : { kind: kind as "hub" | "npm", name };
}

async function send(files: readonly PublishedFile[], { kind, name }: Target, flags: PublishFlags): Promise<string> {
  if (kind === "hub") return publishToHub(files, { repository: name, isPrivate: flags.private ?? false });
  const out = kind === "npm" ? (flags.out ?? name.replace(/^@/, "").replace("/", "-")) : name;
  await mkdir(out, { recursive: true });
  for (const { path, bytes } of files) await writeFile(join(out, path), bytes);
  return kind === "npm" ? `${out}: look at it, then run npm publish there` : out;
}

/** Text files in full: a dry run shows what others would read. */
function contents(files: readonly PublishedFile[]): string {
  return files
    .filter(({ path }) => !path.endsWith(".safetensors"))
    .map(({ path, bytes }) => `==> ${path}\n${new TextDecoder().decode(bytes)}\n`)
    .join("");
}

function table(files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[]): string {
  return files.map(({ path, bytes, sha256 }) => `${String(bytes).padStart(12)} bytes  ${sha256}  ${path}\n`).join("");
}
