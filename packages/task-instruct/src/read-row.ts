import { type Example, InvalidInputError, type JsonObject, type Message } from "@blora/spec";
import {
  describe,
  objectsOf,
  optionalField,
  optionalTextField,
  type Place,
  requireKnown,
  requireTextField,
  withoutPadding,
} from "./read-fields.ts";
import { readMessage, readShareGptMessage } from "./read-message.ts";

/** Names of a row, or what is said of it: nothing that anybody would learn. */
const METADATA = ["id", "idx", "index", "uuid", "source", "metadata"];

/** A form of rows: the fields that make it, and those it may have. */
interface Form {
  readonly needs: readonly string[];
  readonly may: readonly string[];
  read(row: Place): Omit<Example, "origin">;
}

const FORMS: readonly Form[] = [
  { needs: ["messages"], may: ["system", "tools"], read: (row) => conversation(row, turnsOf(row, "messages")) },
  {
    needs: ["conversations"],
    may: ["system", "tools"],
    read: (row) => conversation(row, turnsOf(row, "conversations")),
  },
  { needs: ["prompt", "completion"], may: ["tools"], read: readPair },
  { needs: ["instruction", "output"], may: ["input", "system"], read: readAlpaca },
];

/** Pairs of other data sets, which a line of jq makes ours. */
const PAIRS: readonly (readonly [prompt: string, completion: string])[] = [
  ["question", "answer"],
  ["query", "response"],
  ["prompt", "response"],
  ["instruction", "response"],
  ["input", "output"],
  ["prompt", "chosen"],
];

const HELP: Readonly<Record<string, string>> = {
  functions: 'Call it tools: [{ type: "function", function: { … } }].',
  weight: "Write it into turns of the assistant: weight 0 is not learned.",
  history: "Write the row as messages.",
};

/**
 * A row as an example, whatever form it has.
 *
 * @param ignored fields that are passed over
 * @throws InvalidInputError naming the row and the field that is wrong, not understood, or of a second form
 */
export function readRow(given: Place, ignored: readonly string[]): Example {
  const row = withoutPadding(given);
  const forms = FORMS.filter(({ needs }) => needs.every((name) => optionalField(row, name) !== undefined));
  if (forms.length > 1) {
    const found = forms.map(({ needs }) => needs.join(" with ")).join(" and ");
    throw new InvalidInputError(`${row.origin}: expected a row of one form, found ${found}. Leave one of them out.`);
  }
  const [form] = forms;
  if (form === undefined) throw noForm(row);
  const known = [...form.needs, ...form.may];
  const passed = new Set([...METADATA, ...ignored]);
  const fields = Object.fromEntries(
    Object.entries(row.fields).filter(([name]) => known.includes(name) || !passed.has(name)),
  );
  const rest = Object.keys(fields).filter((name) => !known.includes(name));
  requireKnown({ ...row, fields }, known, {
    ...Object.fromEntries(rest.map((name) => [name, `Leave it out, or name it in the task's option ignoredFields.`])),
    ...HELP,
  });
  return { ...form.read(row), origin: row.origin };
}

/** TRL's pairs of lists are conversations of which only the second part is learned. */
function readPair(row: Place): Omit<Example, "origin"> {
  if (Array.isArray(optionalField(row, "prompt")) && Array.isArray(optionalField(row, "completion"))) {
    const prompt = turnsOf(row, "prompt").map(
      (turn): Message => (turn.role === "assistant" ? { ...turn, weight: 0 } : turn),
    );
    return conversation(row, [...prompt, ...turnsOf(row, "completion")]);
  }
  const texts = { first: requireTextField(row, "prompt"), second: requireTextField(row, "completion") };
  if (texts.second === "") throw new InvalidInputError(`${row.origin}: expected a completion to learn, found none.`);
  if (optionalField(row, "tools") === undefined) return texts;
  throw new InvalidInputError(`${row.origin}: tools: expected in conversations alone, found beside texts.`);
}

function readAlpaca(row: Place): Omit<Example, "origin"> {
  const parts = [requireTextField(row, "instruction"), optionalTextField(row, "input") ?? ""];
  const content = parts.filter((part) => part.trim() !== "").join("\n");
  const answer: Message = { role: "assistant", content: requireTextField(row, "output") };
  return conversation(row, [{ role: "user", content }, answer]);
}

function turnsOf(row: Place, name: string): Message[] {
  return objectsOf(row, name).map((turn) =>
    Object.hasOwn(turn.fields, "from") ? readShareGptMessage(turn) : readMessage(turn),
  );
}

function conversation(row: Place, turns: readonly Message[]): Omit<Example, "origin"> {
  const system = optionalTextField(row, "system") ?? "";
  if (system !== "" && turns.some(({ role }) => role === "system")) {
    throw new InvalidInputError(`${row.origin}: system: expected in a turn or as a field, found both.`);
  }
  requireAnswers(turns, row.origin);
  const messages = system === "" ? turns : [{ role: "system", content: system }, ...turns];
  const tools = optionalField(row, "tools") === undefined ? [] : objectsOf(row, "tools");
  if (tools.length === 0) return { first: "", messages };
  return { first: "", messages, tools: tools.map(({ fields }) => fields as JsonObject) };
}

function requireAnswers(turns: readonly Message[], origin: string): void {
  const learned = turns.filter(isLearned);
  const blank = learned.find(({ content, tool_calls }) => (content ?? "").trim() === "" && tool_calls === undefined);
  if (blank !== undefined) {
    const turn = turns.indexOf(blank) + 1;
    throw new InvalidInputError(
      `${origin}: turn ${turn}: expected an answer of the assistant to learn, found ${describe(blank.content)}. Give it weight 0, or leave it out.`,
    );
  }
  if (learned.length > 0) return;
  const roles = turns.map(({ role, weight }) => (weight === undefined ? role : `${role} with weight ${weight}`));
  const found = roles.length === 0 ? "no turns" : `turns of ${roles.join(", ")}`;
  throw new InvalidInputError(`${origin}: expected a turn of the assistant to learn, found ${found}.`);
}

/** Whether the model learns to write a turn. */
export function isLearned({ role, weight }: Message): boolean {
  return role === "assistant" && weight !== 0;
}

function noForm(row: Place): InvalidInputError {
  const names = Object.keys(row.fields).filter((name) => optionalField(row, name) !== undefined);
  const pair = PAIRS.find((fields) => fields.every((name) => names.includes(name)));
  const help =
    pair !== undefined
      ? ` Convert the file with jq -c '{prompt: .${pair[0]}, completion: .${pair[1]}}'.`
      : names.includes("text")
        ? ` Convert the file with jq -c '{prompt: "", completion: .text}'.`
        : "";
  return new InvalidInputError(
    `${row.origin}: expected { prompt, completion } or { messages: [{ role, content }, …] }, { conversations: [{ from, value }, …] } or { instruction, input, output }, found ${names.length === 0 ? "no field" : `the fields ${names.join(", ")}`}.${help}`,
  );
}
