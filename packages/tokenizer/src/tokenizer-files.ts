/** The files of a model folder, on disk or in memory. */
export interface TokenizerFiles {
  /** What to call the folder, in errors. */
  readonly folder: string;
  /** What to call one of its files. */
  path(name: string): string;
  /** Undefined where there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Names in a folder of it, in any order; none where there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
}

/** Files by their names, of which some may be in a folder: `additional_chat_templates/tools.jinja`. */
export function tokenizerFilesOf(files: ReadonlyMap<string, Uint8Array>, name: string): TokenizerFiles {
  return {
    folder: name,
    path: (file) => `${name}/${file}`,
    read: async (file) => files.get(file),
    list: async (folder) =>
      [...files.keys()].flatMap((file) => (file.startsWith(`${folder}/`) ? [file.slice(folder.length + 1)] : [])),
  };
}
