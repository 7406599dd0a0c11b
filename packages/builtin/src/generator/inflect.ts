/** Forms of a verb that agreement and auxiliaries choose between. */
export type VerbForm = "base" | "third" | "past" | "participle" | "gerund";

const PLURALS: Readonly<Record<string, string>> = {
  man: "men",
  woman: "women",
  child: "children",
  gentleman: "gentlemen",
  wife: "wives",
  thief: "thieves",
  wolf: "wolves",
  sheep: "sheep",
  deer: "deer",
  mouse: "mice",
  goose: "geese",
  ox: "oxen",
  knife: "knives",
  scarf: "scarves",
  hero: "heroes",
  piano: "pianos",
  radio: "radios",
};

/** Past and participle of the verbs that do not take -ed. */
const IRREGULAR: Readonly<Record<string, readonly [past: string, participle: string]>> = {
  read: ["read", "read"],
  write: ["wrote", "written"],
  eat: ["ate", "eaten"],
  wear: ["wore", "worn"],
  sew: ["sewed", "sewn"],
  drive: ["drove", "driven"],
  build: ["built", "built"],
  break: ["broke", "broken"],
  sell: ["sold", "sold"],
  buy: ["bought", "bought"],
  hide: ["hid", "hidden"],
  find: ["found", "found"],
  lose: ["lost", "lost"],
  steal: ["stole", "stolen"],
  throw: ["threw", "thrown"],
  sleep: ["slept", "slept"],
  run: ["ran", "run"],
  sing: ["sang", "sung"],
  swim: ["swam", "swum"],
  leave: ["left", "left"],
  fall: ["fell", "fallen"],
  forgive: ["forgave", "forgiven"],
  teach: ["taught", "taught"],
  hurt: ["hurt", "hurt"],
};

/** Verbs of one stressed short syllable before a consonant, which they double, and the one that ends so. */
const DOUBLING: readonly string[] = ["run", "swim", "drop", "hug", "grab"];

/** Singular and plural alike: no sentence can show their number. */
export function hasPlural(noun: string): boolean {
  return plural(noun) !== noun;
}

export function plural(noun: string): string {
  return PLURALS[noun] ?? addS(noun);
}

export function conjugate(verb: string, form: VerbForm): string {
  switch (form) {
    case "base":
      return verb;
    case "third":
      return addS(verb);
    case "past":
      return IRREGULAR[verb]?.[0] ?? addEd(verb);
    case "participle":
      return IRREGULAR[verb]?.[1] ?? addEd(verb);
    case "gerund":
      return `${stem(verb)}ing`;
  }
}

function addS(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh|[^aeiou]o)$/.test(word) ? `${word}es` : `${word}s`;
}

function addEd(verb: string): string {
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied`;
  return verb.endsWith("e") ? `${verb}d` : `${stem(verb)}ed`;
}

/** What -ing and -ed are put to. */
function stem(verb: string): string {
  if (DOUBLING.includes(verb)) return verb + verb[verb.length - 1];
  return verb.endsWith("e") ? verb.slice(0, -1) : verb;
}
