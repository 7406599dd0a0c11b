export const CATEGORIES = ["STEM", "humanities", "social sciences", "other"] as const;

/** The four groups of subjects. */
export type Category = (typeof CATEGORIES)[number];

/** Every subject of MMLU with its category in lm-evaluation-harness; the original files anatomy under `other`. */
export const SUBJECTS = {
  abstract_algebra: "STEM",
  anatomy: "STEM",
  astronomy: "STEM",
  business_ethics: "other",
  clinical_knowledge: "other",
  college_biology: "STEM",
  college_chemistry: "STEM",
  college_computer_science: "STEM",
  college_mathematics: "STEM",
  college_medicine: "other",
  college_physics: "STEM",
  computer_security: "STEM",
  conceptual_physics: "STEM",
  econometrics: "social sciences",
  electrical_engineering: "STEM",
  elementary_mathematics: "STEM",
  formal_logic: "humanities",
  global_facts: "other",
  high_school_biology: "STEM",
  high_school_chemistry: "STEM",
  high_school_computer_science: "STEM",
  high_school_european_history: "humanities",
  high_school_geography: "social sciences",
  high_school_government_and_politics: "social sciences",
  high_school_macroeconomics: "social sciences",
  high_school_mathematics: "STEM",
  high_school_microeconomics: "social sciences",
  high_school_physics: "STEM",
  high_school_psychology: "social sciences",
  high_school_statistics: "STEM",
  high_school_us_history: "humanities",
  high_school_world_history: "humanities",
  human_aging: "other",
  human_sexuality: "social sciences",
  international_law: "humanities",
  jurisprudence: "humanities",
  logical_fallacies: "humanities",
  machine_learning: "STEM",
  management: "other",
  marketing: "other",
  medical_genetics: "other",
  miscellaneous: "other",
  moral_disputes: "humanities",
  moral_scenarios: "humanities",
  nutrition: "other",
  philosophy: "humanities",
  prehistory: "humanities",
  professional_accounting: "other",
  professional_law: "humanities",
  professional_medicine: "other",
  professional_psychology: "social sciences",
  public_relations: "social sciences",
  security_studies: "social sciences",
  sociology: "social sciences",
  us_foreign_policy: "social sciences",
  virology: "other",
  world_religions: "humanities",
} as const;

export type Subject = keyof typeof SUBJECTS;

/** In alphabetical order, which is the order of every result. */
export const subjectNames: readonly Subject[] = Object.keys(SUBJECTS) as Subject[];

/** Whether a name from a file or an option is one of the 57. */
export function isSubject(name: unknown): name is Subject {
  return typeof name === "string" && Object.hasOwn(SUBJECTS, name);
}
