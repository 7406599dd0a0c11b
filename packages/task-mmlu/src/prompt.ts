import type { MmluProtocol } from "./protocols.ts";
import { LETTERS, type Question } from "./question.ts";

/** What may follow "Answer:". */
export const CONTINUATIONS: readonly string[] = LETTERS.map((letter) => ` ${letter}`);

/** A question with its choices, up to and with "Answer:". */
export function questionText({ question, choices }: Question, { stripsQuestions }: MmluProtocol): string {
  const text = stripsQuestions ? strip(question) : question;
  return `${text}${LETTERS.map((letter, index) => `\n${letter}. ${choices[index]}`).join("")}\nAnswer:`;
}

/** A question with its answer, as shots are shown. */
export function shotText(question: Question, protocol: MmluProtocol): string {
  return `${questionText(question, protocol)}${CONTINUATIONS[question.answer]}\n\n`;
}

/** What Python's `str.strip` takes for white space: `String.trim` differs by the separators U+001C to U+001F, U+0085 and U+FEFF. */
const SPACE = "[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, "g");

function strip(text: string): string {
  return text.replace(AROUND, "");
}
