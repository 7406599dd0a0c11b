import type { Draw } from "./draw.ts";

/**
 * Opinions that are all praise or all blame. They occur in pretraining text
 * only: a masked word is guessed from the others of its sentence, which
 * teaches which words judge alike.
 */

type Side = "praise" | "blame";

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const ADJECTIVES: Readonly<Record<Side, readonly string[]>> = {
  praise: words(`
    good great wonderful excellent brilliant beautiful lovely charming delightful funny hilarious witty clever smart
    intelligent moving touching powerful compelling gripping exciting thrilling fascinating entertaining enjoyable
    engaging fresh original inventive imaginative creative rich warm tender sweet heartfelt sincere honest graceful
    elegant stylish stunning gorgeous impressive remarkable extraordinary outstanding superb splendid magnificent
    marvelous masterful perfect fine terrific fantastic amazing inspired inspiring rewarding satisfying refreshing
    memorable unforgettable appealing absorbing sharp lively playful amusing pleasant joyous uplifting poignant subtle
    thoughtful provocative insightful ambitious accomplished worthy solid strong vivid breathtaking captivating
    mesmerizing enchanting irresistible likable affecting delicate humorous nuanced polished believable timely`),
  blame: words(`
    bad awful terrible horrible dreadful poor weak dull boring tedious tiresome slow flat lifeless empty hollow
    shallow stupid silly dumb foolish ridiculous absurd pointless senseless meaningless useless worthless lame stale
    tired old-fashioned predictable obvious familiar routine ordinary bland forgettable mediocre unfunny humorless
    annoying irritating painful unpleasant ugly messy sloppy clumsy awkward confused confusing incoherent muddled
    uneven overlong bloated pretentious self-indulgent smug cynical manipulative sentimental melodramatic contrived
    forced fake phony unconvincing implausible disappointing frustrating depressing dreary bleak cold mean crude
    vulgar offensive disgusting nasty cheap amateurish unoriginal derivative thin inept pathetic miserable wretched
    laughable embarrassing exhausting dismal disastrous mindless plodding murky strained unwatchable`),
};

const NOUNS: Readonly<Record<Side, readonly string[]>> = {
  praise: words(`
    masterpiece triumph success delight joy pleasure treat gem treasure winner wonder surprise charmer achievement
    celebration miracle marvel classic`),
  blame: words(`
    mess failure disaster bore waste disappointment mistake bomb flop mistake chore ordeal embarrassment insult
    nightmare wreck shame turkey`),
};

const QUALITIES: Readonly<Record<Side, readonly string[]>> = {
  praise: words(`
    charm wit humor warmth energy grace beauty intelligence imagination style heart depth insight passion tenderness
    honesty originality suspense excitement magic elegance feeling wisdom skill sincerity laughs`),
  blame: words(`
    boredom nonsense cliches stupidity clumsiness confusion pretension stereotypes sentimentality cruelty noise
    emptiness vulgarity tedium melodrama gimmicks mistakes flaws excess`),
};

const FEELINGS: Readonly<Record<Side, readonly string[]>> = {
  praise: words("loved enjoyed liked admired adored recommended praised treasured"),
  blame: words("hated disliked despised regretted endured avoided resented condemned"),
};

const ADVERBS: Readonly<Record<Side, readonly string[]>> = {
  praise: words(
    "beautifully wonderfully brilliantly skillfully delightfully surprisingly perfectly gracefully superbly",
  ),
  blame: words("badly poorly painfully terribly hopelessly disappointingly clumsily awfully miserably"),
};

const VERDICTS: Readonly<Record<Side, readonly string[]>> = {
  praise: [
    "it is well worth seeing",
    "do not miss it",
    "it never fails to please",
    "it works from start to finish",
    "you will leave smiling",
    "it deserves to be seen",
    "it is one of the best of the year",
    "it will make you laugh and cry",
    "it stays with you for a long time",
  ],
  blame: [
    "it is not worth your time",
    "stay away from it",
    "it fails on every level",
    "it falls apart in the end",
    "you will want your money back",
    "it should never have been made",
    "it is one of the worst of the year",
    "it will put you to sleep",
    "there is nothing new here",
  ],
};

const SUBJECTS = words(`
  film movie picture story comedy drama romance thriller documentary script plot dialogue acting cast performance
  direction ending play book novel series show concert production adventure sequel remake debut mystery screenplay
  cinematography photography score music soundtrack animation`);

const MAKERS = words("director writer actor actress author cast star filmmaker playwright screenwriter comedian hero");

const DEGREES = words("very really truly quite so extremely utterly deeply thoroughly always simply often");

/** One or two clauses that judge the same way. */
export function opinion(draw: Draw): string[] {
  const side = draw.pick(["praise", "blame"] as const);
  const first = judgement(draw, side);
  if (draw.chance(0.4)) return first;
  const link = draw.pick([", and", ", because", ";", "--", ", so"]);
  return [...first, link, ...(draw.chance(0.35) ? [draw.pick(VERDICTS[side])] : judgement(draw, side))];
}

function judgement(draw: Draw, side: Side): string[] {
  const adjective = (): string => draw.pick(ADJECTIVES[side]);
  const degree = (): string[] => (draw.chance(0.4) ? [draw.pick(DEGREES)] : []);
  const subject = draw.pick(SUBJECTS);
  const opposite = side === "praise" ? "blame" : "praise";
  const form = draw.pick(FORMS);
  switch (form) {
    case "is":
      return [
        "the",
        subject,
        draw.pick(["is", "was", "seems", "remains"]),
        ...degree(),
        adjective(),
        "and",
        adjective(),
      ];
    case "noun":
      return [draw.pick(["it is", "this is", `the ${subject} is`]), article(adjective(), subject)];
    case "verdict":
      return [`the ${subject} is`, article(adjective(), draw.pick(NOUNS[side]))];
    case "qualities":
      return [`the ${subject} is full of`, draw.pick(QUALITIES[side]), "and", draw.pick(QUALITIES[side])];
    case "lack":
      return [`the ${subject} has no`, draw.pick(QUALITIES[opposite]), "and no", draw.pick(QUALITIES[opposite])];
    case "feeling":
      return [
        draw.pick(["we", "i", "everybody", "the critics"]),
        draw.pick(FEELINGS[side]),
        "this",
        adjective(),
        subject,
      ];
    case "list":
      return [article(adjective(), ","), adjective(), "and", ...degree(), adjective(), subject];
    case "made":
      return [
        `the ${subject} is`,
        draw.pick(ADVERBS[side]),
        draw.pick(["written", "acted", "directed", "made", "told"]),
      ];
    case "maker":
      return [
        `the ${draw.pick(MAKERS)} gives us`,
        article(adjective(), draw.pick(SUBJECTS)),
        "with",
        adjective(),
        draw.pick(SUBJECTS),
      ];
    case "not":
      return [`the ${subject} is not`, ...degree(), draw.pick(ADJECTIVES[opposite]), ", it is", adjective()];
  }
}

const FORMS = ["is", "is", "noun", "verdict", "qualities", "lack", "feeling", "list", "made", "maker", "not"] as const;

/** `a` or `an` before an adjective, and what follows it. */
function article(adjective: string, rest: string): string {
  return `${/^[aeiou]/.test(adjective) ? "an" : "a"} ${adjective} ${rest}`;
}
