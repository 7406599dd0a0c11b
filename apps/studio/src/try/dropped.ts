/** Files that were dropped or chosen together. */
export interface Dropped {
  /** Of the folder or file; of several files in words. */
  readonly name: string;
  readonly files: readonly File[];
}

const SEVERAL = "the files";

/** What a drop brings: files, and those right in folders; undefined where it brings none. */
export async function droppedFiles({ items }: DataTransfer): Promise<Dropped | undefined> {
  // Entries are gone after the first wait.
  const taken = [...items].flatMap((item) => {
    const entry = item.webkitGetAsEntry();
    return entry?.isDirectory ? (entry as FileSystemDirectoryEntry) : (item.getAsFile() ?? []);
  });
  const files = await Promise.all(taken.map((one) => (one instanceof File ? [one] : filesOf(one))));
  const [first] = taken;
  return first && { name: taken.length === 1 ? first.name : SEVERAL, files: files.flat() };
}

/** What an input for files or a folder holds. */
export function chosenFiles(list: FileList | null): Dropped {
  // Of a folder the files right in it.
  const files = [...(list ?? [])].filter(({ webkitRelativePath }) => webkitRelativePath.split("/").length <= 2);
  const folder = files[0]?.webkitRelativePath.split("/")[0];
  return { name: folder || (files.length === 1 ? files[0]!.name : SEVERAL), files };
}

export function isModel({ files }: Dropped): boolean {
  return files.some(({ name }) => name === "config.json" || name.endsWith(".safetensors"));
}

async function filesOf(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  for (;;) {
    // A part of them at a time, until there are none.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    const own = entries.filter(({ isFile }) => isFile) as FileSystemFileEntry[];
    files.push(...(await Promise.all(own.map((entry) => new Promise<File>((...ends) => entry.file(...ends))))));
  }
}
