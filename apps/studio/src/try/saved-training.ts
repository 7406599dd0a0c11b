import { anyLeft, heldNames, hold } from "./holding.ts";
import type { GivenData, ModelChoice, SavedTraining, Settings } from "./messages.ts";
import { type ModelFiles, modelFiles } from "./model-files.ts";
import { openShelf, type Shelf, shelfNames } from "./storage.ts";

/** What a training needs to go on after the tab was closed. */
interface Begun {
  readonly data: GivenData;
  readonly choice: ModelChoice;
  readonly files: ModelFiles;
  readonly settings: Settings;
}

/** What is kept of trainings. A tab is at one at most, which no other tab sees meanwhile. */
export interface SavedTrainings {
  /** What was begun and left before it was ever saved is removed. */
  list(): Promise<ListedTrainings>;
  /** In place of the one this tab is at. */
  begin(training: Begun): Promise<void>;
  keep(step: number, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** It stays until it is discarded: what was learned is nowhere else. */
  finish(): Promise<void>;
  open(id: string): Promise<Begun>;
  /** Files of the newest checkpoint of the one this tab is at. */
  checkpoint(): Promise<Map<string, Uint8Array> | undefined>;
  /** Leaves the one this tab is at to any tab. */
  leave(): void;
  /** Forgets the one this tab is at, or another one. */
  discard(id?: string): Promise<void>;
}

export interface ListedTrainings {
  /** Those that no tab is at, the newest first. */
  readonly left: readonly SavedTraining[];
  /** Waits until a tab leaves one of the others, such as the page that was here before it was loaded again. */
  nextLeft(): Promise<void>;
}

const NAME = /^training\b/;
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
  readonly isFinished?: boolean;
  /** File names of the checkpoint, which begin with its step. */
  readonly files: readonly string[];
}

interface Held {
  readonly shelf: Shelf;
  release(): void;
}

export function openSavedTrainings(): SavedTrainings {
  let current: Held | undefined;
  const leave = (): void => {
    current?.release();
    current = undefined;
  };
  const discardCurrent = async (): Promise<void> => {
    await current?.shelf.clear();
    leave();
  };
  return {
    async list() {
      const found: SavedTraining[] = [];
      const names = (await shelfNames()).filter((name) => NAME.test(name));
      // Asked for last: a tab holds its name before it keeps anything.
      const held = await heldNames();
      for (const id of names.filter((name) => !held.has(name))) {
        const shelf = await openShelf(id);
        const mark = await readMark(shelf).catch(() => undefined);
        if (mark !== undefined && mark.step > 0) {
          const { data, settings, step, choice, isFinished = false } = mark;
          found.push({ id, data, settings, step, isFinished, model: nameOf(choice) });
        } else if (mark !== undefined || !(await shelf.names()).includes(MARK)) await shelf.clear();
      }
      return {
        left: found.sort((a, b) => (a.id < b.id ? 1 : -1)),
        nextLeft: () => anyLeft([...held].filter((name) => NAME.test(name))),
      };
    },
    async begin({ data, choice, files, settings }) {
      await discardCurrent();
      const held = await holdNew();
      current = held;
      const { shelf } = held;
      try {
        await shelf.write(ROWS, JSON.stringify(data));
        if (choice.kind === "files") for (const [name, bytes] of files) await shelf.write(MODEL + name, bytes);
        const kept = choice.kind === "files" ? { kind: choice.kind, name: choice.name } : choice;
        await writeMark(shelf, { data: data.name, choice: kept, settings, step: 0, files: [] });
      } catch (error) {
        // What is there of it is of no use, and takes room.
        await discardCurrent();
        throw error;
      }
    },
    async keep(step, files) {
      const { shelf } = current ?? {};
      const mark = shelf && (await readMark(shelf));
      if (shelf === undefined || mark === undefined) return;
      const remove = async (names: Iterable<string>, of: number): Promise<void> => {
        for (const name of names) await shelf.remove(`${of} ${name}`);
      };
      try {
        for (const [name, bytes] of files) await shelf.write(`${step} ${name}`, bytes);
        await writeMark(shelf, { ...mark, step, files: [...files.keys()] });
      } catch (error) {
        if (step !== mark.step) await remove(files.keys(), step);
        throw error;
      }
      if (step !== mark.step) await remove(mark.files, mark.step);
    },
    async finish() {
      const mark = current && (await readMark(current.shelf));
      if (mark !== undefined) await writeMark(current!.shelf, { ...mark, isFinished: true });
    },
    async open(id) {
      leave();
      const release = await hold(id);
      if (release === undefined) throw new Error("Another tab of this browser is at this training: go on there.");
      current = { shelf: await openShelf(id), release };
      try {
        return await readBegun(current.shelf);
      } catch (error) {
        leave();
        throw error;
      }
    },
    async checkpoint() {
      const { shelf } = current ?? {};
      const mark = shelf && (await readMark(shelf));
      if (shelf === undefined || mark === undefined || mark.step === 0) return undefined;
      const files = new Map<string, Uint8Array>();
      for (const name of mark.files) {
        const bytes = await shelf.read(`${mark.step} ${name}`);
        if (bytes === undefined)
          throw new Error(`Expected ${name} of step ${mark.step}, found nothing: this browser removed it. Start anew.`);
        files.set(name, bytes);
      }
      return files;
    },
    leave,
    async discard(id) {
      if (id === undefined) return discardCurrent();
      const release = await hold(id);
      if (release === undefined) throw new Error("Another tab of this browser is at this training: end it there.");
      await (await openShelf(id)).clear();
      release();
    },
  };
}

/** A shelf of the time it is made at, so that names tell the newest. */
async function holdNew(): Promise<Held> {
  const taken = await shelfNames();
  for (let time = Date.now(); ; time++) {
    const id = `training ${time}`;
    const release = taken.includes(id) ? undefined : await hold(id);
    if (release !== undefined) return { shelf: await openShelf(id), release };
  }
}

async function readMark(shelf: Shelf): Promise<Mark | undefined> {
  const bytes = await shelf.read(MARK);
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as Mark);
}

async function writeMark(shelf: Shelf, mark: Mark): Promise<void> {
  await shelf.write(MARK, JSON.stringify(mark));
}

async function readBegun(shelf: Shelf): Promise<Begun> {
  const [mark, rows] = [await readMark(shelf), await shelf.read(ROWS)];
  if (mark === undefined || rows === undefined)
    throw new Error("Expected a saved training, found none: it was forgotten, or this browser removed it.");
  const data = JSON.parse(new TextDecoder().decode(rows)) as GivenData;
  const { choice, settings } = mark;
  if (choice.kind !== "files") return { data, choice, files: await modelFiles(choice, () => undefined), settings };
  const files: ModelFiles = new Map();
  for (const name of (await shelf.names()).filter((name) => name.startsWith(MODEL)))
    files.set(name.slice(MODEL.length), (await shelf.read(name))!);
  return { data, choice: { ...choice, files: [] }, files, settings };
}

function nameOf(choice: Mark["choice"]): string {
  if (choice.kind === "builtin") return "the built-in model";
  return choice.kind === "hub" ? choice.id : choice.name;
}
