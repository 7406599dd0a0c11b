import { join } from "node:path";
import type { DatasetName } from "@blora/adapters";
import { type HubReference, parseHubReference, partOfRepository, writeHubReference } from "@blora/data";
import { resolveDataset } from "@blora/hub";
import { readRunConfig } from "@blora/runs";
import { createDownloadLine } from "../output/download-line.ts";
import { printNote } from "../output/print-note.ts";

/** A data set of the Hub in the cache. */
export interface HubData {
  /** Folder of its splits. */
  readonly folder: string;
  readonly dataset: DatasetName;
}

/** Brings a data set of the Hub, at the commit its revision stands for now. */
export async function openHubData(reference: HubReference, offline: boolean): Promise<HubData> {
  const { id, revision } = reference;
  const { folder, commit, files } = await resolveDataset(id, {
    choose: (names) => partOfRepository(names, reference).files,
    onProgress: createDownloadLine(process.stderr),
    onNote: printNote,
    ...(offline && { offline }),
    ...(revision !== undefined && { revision }),
  });
  const part = partOfRepository(new Set(files), reference);
  return { folder: join(folder, part.folder), dataset: { id, config: part.config, revision: commit } };
}

/** A data set at the commit that is recorded of it, where no other revision is asked for. */
export function asRecorded(reference: HubReference, recorded: DatasetName | undefined): HubReference {
  const isSame =
    recorded?.id === reference.id && (reference.config === undefined || reference.config === recorded.config);
  return isSame && reference.revision === undefined ? recorded : reference;
}

/**
 * `hub:…` with the commit that the run in a folder was started with, where `data` names the same data set and no
 * revision; undefined where that changes nothing.
 */
export async function recordedData(data: string, runFolder: string): Promise<string | undefined> {
  const reference = parseHubReference(data);
  if (reference === undefined) return undefined;
  const config = await readRunConfig(runFolder);
  const { dataset } = (config?.data ?? {}) as { readonly dataset?: DatasetName };
  const recorded = writeHubReference(asRecorded(reference, dataset));
  return recorded === data ? undefined : recorded;
}
