/** What a verb can be done to. A sentence that ignores this is not acceptable. */
export interface ThingClass {
  readonly verbs: readonly string[];
  readonly nouns: readonly string[];
}

/** The words sentences are made of. Verbs are base forms, nouns singular. */
export interface Lexicon {
  readonly women: readonly string[];
  readonly men: readonly string[];
  readonly persons: readonly string[];
  readonly animals: readonly string[];
  readonly places: readonly string[];
  readonly things: readonly ThingClass[];
  /** What persons and animals do without an object. */
  readonly actions: readonly string[];
  /** What one person does to another, or to themselves. */
  readonly dealings: readonly string[];
  readonly personAdjectives: readonly string[];
  readonly thingAdjectives: readonly string[];
  readonly adverbs: readonly string[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const thing = (verbs: string, nouns: string): ThingClass => ({ verbs: words(verbs), nouns: words(nouns) });

export const lexicon: Lexicon = {
  women: words(
    "woman girl mother sister daughter queen aunt wife lady princess actress grandmother niece bride widow waitress",
  ),
  men: words(
    "man boy father brother son king uncle husband gentleman prince actor grandfather nephew groom monk waiter",
  ),
  persons: words(`
    teacher doctor farmer soldier painter writer student lawyer judge nurse driver singer dancer sailor baker butcher
    carpenter engineer scientist professor artist musician poet journalist reporter editor merchant banker clerk
    secretary manager director president senator governor mayor minister ambassador general captain officer guard
    thief prisoner witness hunter fisher gardener shepherd miner mechanic pilot tailor barber dentist surgeon priest
    bishop preacher scholar pupil child neighbor friend stranger visitor guest traveler tourist customer owner worker
    servant leader citizen voter candidate critic author historian philosopher inventor explorer pioneer immigrant
    orphan hero enemy rival partner cousin twin champion player coach athlete runner swimmer`),
  animals: words(`
    dog cat horse cow pig sheep goat lion tiger bear wolf fox rabbit mouse rat deer elephant monkey camel donkey
    bird eagle crow owl duck goose hen swan whale shark dolphin frog snake turtle bee spider butterfly ox`),
  places: words(`
    house church school hospital garden park forest river lake mountain village city street bridge station harbor
    market castle palace museum library theater factory office kitchen field valley island beach road`),
  things: [
    thing(
      "read write publish translate print copy study quote",
      "book letter poem novel report story diary essay article speech newspaper document contract script chapter message",
    ),
    thing(
      "eat cook bake taste swallow serve chew burn",
      "apple cake meal potato sandwich egg steak pie cookie carrot soup banana tomato onion pancake sausage",
    ),
    thing(
      "wear sew wash iron fold button",
      "shirt dress coat hat jacket skirt uniform scarf glove sweater robe belt sock apron vest cloak",
    ),
    thing(
      "drive repair load steer rent crash",
      "car truck bus taxi wagon van tractor ambulance motorcycle carriage boat ship train bicycle",
    ),
    thing(
      "build paint enter clean decorate close",
      "room barn cabin tower shop hotel apartment cottage temple tent kennel gate wall fence door window",
    ),
    thing("play tune break borrow", "piano guitar violin drum flute trumpet harp organ whistle banjo fiddle bell"),
    thing(
      "carry sell buy drop hide find lose steal count own throw lift",
      `box basket bottle key lamp chair table clock mirror knife hammer rope coin ring blanket pillow candle bucket
      ladder shovel umbrella suitcase camera telephone radio vase statue crown sword shield`,
    ),
    thing(
      "solve explain discuss accept reject ignore",
      "problem question idea plan proposal theory argument rule decision mistake law policy offer theme lesson method",
    ),
  ],
  actions: words(`
    sleep laugh smile walk run sing dance cry swim wait complain shout whisper cough sneeze snore tremble dream rest
    work travel arrive leave return escape vanish stumble fall wander listen hesitate suffer breathe pause march`),
  dealings: words(`
    admire thank help invite praise blame trust forgive warn protect defend criticize respect support encourage
    comfort insult embarrass amuse surprise hurt convince describe observe teach question remember prepare deceive
    entertain punish please`),
  personAdjectives: words(`
    young old tall strong weak brave clever honest lazy kind cruel gentle proud shy rich poor famous lonely happy sad
    angry calm nervous patient polite rude wise foolish friendly generous selfish loyal stubborn cheerful serious
    hungry tired busy careful careless curious jealous modest talented ambitious`),
  thingAdjectives: words(`
    new old small large heavy light cheap expensive strange simple ordinary beautiful ugly broken perfect useful
    useless costly forgotten ancient modern common rare plain fancy lovely terrible wonderful dull bright dark
    colorful white black red green blue yellow tiny huge enormous narrow wide long short familiar odd`),
  adverbs: words(`
    quickly slowly quietly loudly happily sadly carefully carelessly suddenly gently proudly bravely nervously calmly
    patiently politely rudely angrily eagerly secretly openly often always never sometimes usually rarely finally
    gladly reluctantly`),
};

/** The pair of lexicons without a content word in common that train and validation are made of. */
export function splitLexicon(whole: Lexicon): readonly [Lexicon, Lexicon] {
  return [
    mapLists(whole, (list) => list.filter((_, index) => index % 2 === 0)),
    mapLists(whole, (list) => list.filter((_, index) => index % 2 === 1)),
  ];
}

function mapLists(whole: Lexicon, keep: (list: readonly string[]) => readonly string[]): Lexicon {
  return {
    women: keep(whole.women),
    men: keep(whole.men),
    persons: keep(whole.persons),
    animals: keep(whole.animals),
    places: keep(whole.places),
    things: whole.things.map(({ verbs, nouns }) => ({ verbs: keep(verbs), nouns: keep(nouns) })),
    actions: keep(whole.actions),
    dealings: keep(whole.dealings),
    personAdjectives: keep(whole.personAdjectives),
    thingAdjectives: keep(whole.thingAdjectives),
    adverbs: keep(whole.adverbs),
  };
}
