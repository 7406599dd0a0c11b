import type { Table } from "@blora/data";
import type { ClassifyOptions } from "./options.ts";

/** A cell in quotes with doubled ones inside, which is how csv has a text with quotes. */
const QUOTED_AS_CSV = /^"(?:[^"]|"")*""(?:[^"]|"")*"$/s;

/** Where all texts are so, they hardly are all quotations. */
const QUOTED = /^".*"$/s;

/** Says which texts of tsv files stand in the quotes of csv, as pandas writes those that hold one, and others all: quotes are text in tsv. */
export function quotedTexts(tables: readonly Table[], { text, pair }: ClassifyOptions): string[] {
  return tables.flatMap(({ file, columns, rows }) => {
    if (!/\.tsv(?:\.gz)?$/i.test(file)) return [];
    const places = [text, pair].map((name) => columns.indexOf(name ?? "")).filter((place) => place >= 0);
    const isLike = (cell: unknown, form: RegExp): boolean => typeof cell === "string" && form.test(cell);
    const areAll = places.some((place) => rows.length > 1 && rows.every(({ cells }) => isLike(cells[place], QUOTED)));
    const quoted = rows.filter(({ cells }) => places.some((place) => isLike(cells[place], QUOTED_AS_CSV)));
    const count = areAll ? rows.length : quoted.length;
    if (count === 0) return [];
    const texts = count === 1 ? "1 text is" : `${count} texts are`;
    return [
      `${file}: ${texts} read with the quotes around and any doubled ones inside, which pandas and others write: quotes are part of the text in tsv. Write it as csv, or with quoting=csv.QUOTE_NONE.`,
    ];
  });
}
