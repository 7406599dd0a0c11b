import { markdownTable } from "@blora/spec";
import { DECODERS, ENCODERS, type Family, METHODS, REFUSED, TOLERANCE, type TrainedWith } from "./family.ts";

export const FAMILIES_PAGE = "docs/guide/export-and-use.md";

/** Where the table of the guide begins and ends. */
const BEGIN = "<!-- families: written by npm run reference -->\n\n";
const END = "\n\n<!-- /families -->";

/** What the tests of families do with every command, as the guide shows it. */
function familiesTable(): string {
  const all = "every method and scope";
  const [plain, rounding] = [true, false].map((isPlain) => namesOf(METHODS.filter((each) => each.isPlain === isPlain)));
  const same = `${plain}: the same logits within ${TOLERANCE}`;
  const across = (command: string, text: string): string[] => [`\`${command}\``, text, text];
  const split = (command: "predict" | "generate"): string[] => [
    `\`${command}\``,
    ...(["encoders", "decoders"] as const).map((kind) => {
      const { command: refused, because } = REFUSED[kind];
      return refused === command ? `refused: ${because}` : all;
    }),
  ];
  return markdownTable(
    ["", titles(ENCODERS), titles(DECODERS)],
    [
      ["`train`, resumed too, `eval`, `inspect`, `bops`, `publish`, `@blora/inference`", all, all],
      split("predict"),
      split("generate"),
      across("merge", `${same}. ${rounding}: refused; with \`--plain\` the difference is named`),
      across("export", `${same}. ${rounding}: as evaluation computes it; with \`--plain\` the difference is named`),
    ],
  );
}

const titles = (families: readonly Family[]): string => families.map(({ title }) => title).join(", ");

const namesOf = (methods: readonly TrainedWith[]): string => methods.map(({ name }) => `\`${name}\``).join(", ");

/** A page with the table as it is now. */
export function withFamiliesTable(page: string): string {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start)
    throw new Error(`Expected ${BEGIN.trim()} and ${END.trim()} in the page, found them not.`);
  return page.slice(0, start) + BEGIN + familiesTable() + page.slice(end);
}
