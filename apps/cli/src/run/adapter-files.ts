import { hubBaseModel, publishedFiles, readAdapterDescription, readMergeRecord } from "@blora/adapters";
import { sha256 } from "@blora/files";
import type { PublishedFile } from "@blora/hub";

/** How an adapter goes out. */
export interface Publication {
  /** Name it is published as. */
  readonly name: string;
  /** Hub id of the base model; by default the one it was trained on. */
  readonly baseModel?: string | undefined;
  readonly license?: string | undefined;
  /** Folder that `blora merge` wrote, for what it measured. */
  readonly merged?: string | undefined;
}

/** The files of an adapter, ready to go out, and what they say its base model is. */
export async function adapterFiles(
  folder: string,
  { merged, ...publication }: Publication,
): Promise<{ readonly files: readonly PublishedFile[]; readonly baseModel: string | undefined }> {
  const baseModel = publication.baseModel ?? hubBaseModel(await readAdapterDescription(folder));
  const merge = merged === undefined ? undefined : await readMergeRecord(merged, folder);
  return { files: publishedFiles(folder, { ...publication, baseModel, merge }), baseModel };
}

/** Bytes and SHA-256 of each file. */
export function listFiles(files: readonly PublishedFile[]): { path: string; bytes: number; sha256: string }[] {
  return files.map(({ path, bytes }) => ({ path, bytes: bytes.length, sha256: sha256(bytes) }));
}

/** What a dry run shows: text files in full, since others would read them, and a line for each file. */
export function describeFiles(files: readonly PublishedFile[], isDryRun: boolean): string {
  const texts = files
    .filter(({ path }) => isDryRun && !path.endsWith(".safetensors"))
    .map(({ path, bytes }) => `==> ${path}\n${new TextDecoder().decode(bytes)}\n`);
  const lines = listFiles(files).map(
    ({ path, bytes, sha256 }) => `${String(bytes).padStart(12)} bytes  ${sha256}  ${path}\n`,
  );
  return [...texts, ...lines].join("");
}
