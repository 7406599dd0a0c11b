const THINGS = ["lamp", "kettle", "chair", "radio", "jacket", "tent", "printer", "bicycle"];
const PARTS = ["handle", "finish", "weight", "colour", "manual", "sound"];
const GOOD = ["works perfectly", "is a joy to use", "was worth every cent", "looks wonderful"];
const BAD = ["stopped working at once", "fell apart", "was a waste of money", "looks terrible"];

/** Reviews made up by a rule, as a csv file: rows that anybody may try, half of them good. */
export function sampleCsv(): string {
  const rows = THINGS.flatMap((thing, first) =>
    PARTS.flatMap((part, second) =>
      [GOOD, BAD].flatMap((ends, third) => {
        const [end, other] = [ends[(first + second) % ends.length]!, ends[(first + 2 * second + 1) % ends.length]!];
        return [`The ${thing} ${end}. The ${part} ${other}.,${third === 0 ? "good" : "bad"}`];
      }),
    ),
  );
  return ["review,opinion", ...rows].join("\n");
}
