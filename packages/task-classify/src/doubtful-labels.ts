import { numberInText } from "@blora/data";

/** What pandas, R, databases and annotators who do not agree (`-` of SNLI) write for a value that is not there. */
const MISSING: ReadonlySet<string> = new Set([
  ...["NA", "N/A", "n/a", "#N/A", "<NA>", "nan", "NaN", "-nan", "-NaN"],
  ...["null", "NULL", "None", "NaT", "undefined", "\\N", "-", "?"],
]);

/** What should be known of class names that were taken from the rows: that some look the same, or like no label at all. */
export function doubtfulLabels(labels: readonly string[]): string[] {
  const alike = new Map<string, string[]>();
  for (const label of labels) alike.set(meaningOf(label), [...(alike.get(meaningOf(label)) ?? []), label]);
  const groups = [...alike.values()].filter(({ length }) => length > 1).map((names) => names.join(" and "));
  const missing = labels.filter((label) => MISSING.has(label));
  return [
    ...(groups.length === 0 ? [] : [`Learned as classes of their own: ${groups.join("; ")}.`]),
    ...(missing.length === 0
      ? []
      : [
          `${missing.join(", ")} ${missing.length === 1 ? "is learned as a class" : "are learned as classes"}: leave such rows out where it stands for no label.`,
        ]),
  ];
}

/** The same for labels that differ in case, blanks, signs that are not seen, or the digits of one number alone. */
function meaningOf(label: string): string {
  const number = numberInText(label);
  // Beyond 2^53 different ones are rounded to the same.
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) return String(number);
  const seen = label.normalize("NFKC").replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "");
  // Signs in front and behind tell labels apart, as those of the grades A and A-.
  return seen.toLowerCase().replace(/(?<=\S)[\s_-]+(?=\S)/g, " ");
}
