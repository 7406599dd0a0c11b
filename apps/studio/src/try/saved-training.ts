import type { GivenData, ModelChoice, SavedTraining, Settings } from "./messages.ts";
import { type ModelFiles, modelFiles } from "./model-files.ts";
import { openShelf, type Shelf } from "./storage.ts";

/** What a training needs to go on after the tab was closed. */
interface Begun {
  readonly data: GivenData;
  readonly choice: ModelChoice;
  readonly files: ModelFiles;
  readonly settings: Settings;
}

/** What is kept of a training, at most one. */
export interface SavedTrainings {
  describe(): Promise<SavedTraining | undefined>;
  begin(training: Begun): Promise<void>;
  keep(step: number, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  open(): Promise<Begun>;
  /** Files of the newest checkpoint. */
  checkpoint(): Promise<Map<string, Uint8Array> | undefined>;
  discard(): Promise<void>;
}

/** Written last: without it nothing is saved. */
const MARK = "training.json";
const ROWS = "rows.json";
const MODEL = "model-";

interface Mark {
  readonly data: string;
  /** A folder of this machine cannot be opened again: its files are kept too. */
  readonly choice: Exclude<ModelChoice, { kind: "files" }> | { readonly kind: "files"; readonly name: string };
  readonly settings: Settings;
  readonly step: number;
  /** File names of the checkpoint, which begin with its step. */
  readonly files: readonly string[];
}

export function openSavedTraining(): SavedTrainings {
  let shelf: Shelf | undefined;
  const shelves = async (): Promise<Shelf> => {
    shelf ??= await openShelf("training");
    return shelf;
  };
  const readMark = async (): Promise<Mark | undefined> => {
    const bytes = await (await shelves()).read(MARK);
    return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as Mark);
  };
  const writeMark = async (mark: Mark): Promise<void> => (await shelves()).write(MARK, JSON.stringify(mark));
  return {
    async describe() {
      const mark = await readMark().catch(() => undefined);
      if (mark === undefined || mark.step === 0) return undefined;
      const { data, settings, step, choice } = mark;
      return { data, settings, step, model: nameOf(choice) };
    },
    async begin({ data, choice, files, settings }) {
      const own = await shelves();
      await own.clear();
      await own.write(ROWS, JSON.stringify(data.files));
      if (choice.kind === "files") for (const [name, bytes] of files) await own.write(MODEL + name, bytes);
      const kept = choice.kind === "files" ? { kind: choice.kind, name: choice.name } : choice;
      await writeMark({ data: data.name, choice: kept, settings, step: 0, files: [] });
    },
    async keep(step, files) {
      const mark = await readMark();
      if (mark === undefined) return;
      const own = await shelves();
      for (const [name, bytes] of files) await own.write(`${step} ${name}`, bytes);
      await writeMark({ ...mark, step, files: [...files.keys()] });
      for (const name of mark.files) await own.remove(`${mark.step} ${name}`);
    },
    async open() {
      const mark = await readMark();
      const own = await shelves();
      const rows = await own.read(ROWS);
      if (mark === undefined || rows === undefined)
        throw new Error("Expected a saved training, found none: this browser removed it.");
      const data: GivenData = { name: mark.data, files: JSON.parse(new TextDecoder().decode(rows)) };
      if (mark.choice.kind !== "files") {
        const files = await modelFiles(mark.choice, () => undefined);
        return { data, choice: mark.choice, files, settings: mark.settings };
      }
      const names = (await own.names()).filter((name) => name.startsWith(MODEL));
      const files: ModelFiles = new Map();
      for (const name of names) files.set(name.slice(MODEL.length), (await own.read(name))!);
      return { data, choice: { ...mark.choice, files: [] }, files, settings: mark.settings };
    },
    async checkpoint() {
      const mark = await readMark();
      if (mark === undefined || mark.step === 0) return undefined;
      const files = new Map<string, Uint8Array>();
      for (const name of mark.files) {
        const bytes = await (await shelves()).read(`${mark.step} ${name}`);
        if (bytes === undefined)
          throw new Error(`Expected ${name} of step ${mark.step}, found nothing: this browser removed it. Start anew.`);
        files.set(name, bytes);
      }
      return files;
    },
    discard: async () => (await shelves().catch(() => undefined))?.clear(),
  };
}

function nameOf(choice: Mark["choice"]): string {
  if (choice.kind === "builtin") return "the built-in model";
  return choice.kind === "hub" ? choice.id : choice.name;
}
