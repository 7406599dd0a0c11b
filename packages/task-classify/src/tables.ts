import { isOfHub, nameOfFile, type Table } from "@blora/data";
import { NotFoundError } from "@blora/spec";

/** The tables of one split. */
interface SplitTables {
  readonly tables: readonly Table[];
  /** What is to be said of how they were chosen. */
  readonly notes: readonly string[];
}

/** Where rows come from: files, or tables in memory. */
export interface Tables {
  /** File or folder, for messages. */
  readonly name: string;
  /**
   * The tables of a split.
   *
   * @returns undefined where there is no such split, which only `validation` may lack
   * @throws NotFoundError naming what was looked for and what is there
   */
  of(split: string): Promise<SplitTables | undefined>;
  /** Whether there is such a split, without reading it. */
  has(split: string): Promise<boolean>;
}

/** Tables by split. */
export type TablesInMemory = Readonly<Record<string, readonly Table[]>>;

export function tablesInMemory(name: string, tables: TablesInMemory): Tables {
  const has = (split: string): boolean => Object.hasOwn(tables, split);
  return {
    name,
    has: async (split) => has(split),
    of: async (split) => {
      if (has(split)) return { tables: tables[split]!, notes: [] };
      if (split === "validation") return undefined;
      throw new NotFoundError(`${name}: expected the split ${split}, found ${Object.keys(tables).join(", ")}.`);
    },
  };
}

/** Last part of a path; of a file that the Hub's cache keeps its place on the Hub. */
export function shortName(path: string): string {
  return isOfHub(path) ? nameOfFile(path) : lastPart(path);
}

export function lastPart(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
}
