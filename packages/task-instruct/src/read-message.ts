import { didYouMean, InvalidInputError, isJsonRecord, type JsonObject, type Message } from "@blora/spec";
import {
  describe,
  objectsOf,
  optionalField,
  optionalTextField,
  type Place,
  parsedOr,
  requireKnown,
  requireTextField,
} from "./read-fields.ts";

/** Roles of chat templates, and the names other formats have for them. Capital letters make no other role. */
const ROLES: Readonly<Record<string, string>> = {
  system: "system",
  developer: "developer",
  user: "user",
  human: "user",
  assistant: "assistant",
  gpt: "assistant",
  chatgpt: "assistant",
  bard: "assistant",
  bing: "assistant",
  model: "assistant",
  tool: "tool",
  observation: "tool",
  function: "function",
  ipython: "ipython",
};

const FIELDS = ["role", "content", "weight", "reasoning_content", "tool_calls", "tool_call_id", "name"];
const CALL_FIELDS = ["id", "type", "index", "function", "name", "arguments"];
const HELP: Readonly<Record<string, string>> = {
  function_call:
    'Write it as a turn of the assistant with tool_calls: [{ type: "function", function: { name, arguments } }].',
  reasoning: "Call it reasoning_content.",
  thinking: "Call it reasoning_content.",
  train: "Write weight 0 for an answer that is not to be learned.",
  loss: "Write weight 0 for an answer that is not to be learned.",
};

/**
 * One turn, `{ role, content, … }`.
 *
 * @throws InvalidInputError naming row and field of what is not understood
 */
export function readMessage(place: Place): Message {
  requireKnown(place, FIELDS, HELP);
  const role = readRole(place, "role");
  const calls = readCalls(place);
  if (calls !== undefined && role !== "assistant") throw misplaced(place, "tool_calls", role);
  const reasoning = optionalTextField(place, "reasoning_content") || undefined;
  if (reasoning !== undefined && role !== "assistant") throw misplaced(place, "reasoning_content", role);
  const callId = optionalTextField(place, "tool_call_id");
  const name = optionalTextField(place, "name") || undefined;
  const weight = readWeight(place);
  return {
    role,
    content: readContent(place, calls !== undefined),
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    ...(calls !== undefined && { tool_calls: calls }),
    ...(callId !== undefined && { tool_call_id: callId }),
    ...(name !== undefined && { name }),
    ...(weight !== undefined && { weight }),
  };
}

/** One turn of ShareGPT, `{ from, value }`. */
export function readShareGptMessage(place: Place): Message {
  requireKnown(place, ["from", "value", "weight"], HELP);
  const weight = readWeight(place);
  const content = requireTextField(place, "value");
  return { role: readRole(place, "from"), content, ...(weight !== undefined && { weight }) };
}

function readRole(place: Place, field: "role" | "from"): string {
  const role = requireTextField(place, field);
  const name = role.trim().toLowerCase();
  if (Object.hasOwn(ROLES, name)) return ROLES[name]!;
  const known = Object.keys(ROLES);
  const advice = name === "function_call" ? ` ${HELP.function_call}` : didYouMean(name, known);
  throw new InvalidInputError(
    `${place.origin}: ${field}: expected one of ${known.join(", ")}, found ${describe(role)}.${advice}`,
  );
}

/** A text, the texts of parts put together, or null for a turn that only calls tools. */
function readContent(place: Place, callsTools: boolean): string | null {
  const value = optionalField(place, "content");
  if (value === undefined && callsTools) return null;
  if (!Array.isArray(value)) return requireTextField(place, "content");
  return objectsOf(place, "content")
    .map((part) => {
      const type = optionalField(part, "type") ?? "text";
      if (type !== "text") {
        throw new InvalidInputError(`${part.origin}: expected a part of type text, found ${describe(type)}.`);
      }
      requireKnown(part, ["type", "text"]);
      return requireTextField(part, "text");
    })
    .join("");
}

/** Calls with arguments as objects, which chat templates write as JSON themselves; OpenAI's are JSON in a text. */
function readCalls(place: Place): readonly JsonObject[] | undefined {
  const value = optionalField(place, "tool_calls");
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  return objectsOf(place, "tool_calls").map((call) => {
    requireKnown(call, CALL_FIELDS);
    const wrapped = optionalField(call, "function");
    if (wrapped === undefined) return withObjectArguments(call);
    const origin = `${call.origin}: function`;
    if (!isJsonRecord(wrapped))
      throw new InvalidInputError(`${origin}: expected an object, found ${describe(wrapped)}.`);
    return { ...(call.fields as JsonObject), function: withObjectArguments({ origin, fields: wrapped }) };
  });
}

function withObjectArguments(call: Place): JsonObject {
  requireTextField(call, "name");
  const given = optionalField(call, "arguments") ?? {};
  const read = typeof given === "string" ? parsedOr(given.trim() === "" ? "{}" : given) : given;
  if (isJsonRecord(read)) return { ...(call.fields as JsonObject), arguments: read as JsonObject };
  throw new InvalidInputError(
    `${call.origin}: arguments: expected an object, or JSON of one, found ${describe(given)}.`,
  );
}

function readWeight(place: Place): 0 | 1 | undefined {
  const weight = optionalField(place, "weight");
  if (weight === undefined || weight === 0 || weight === 1) return weight;
  throw new InvalidInputError(`${place.origin}: weight: expected 0 or 1, found ${describe(weight)}.`);
}

function misplaced({ origin }: Place, field: string, role: string): InvalidInputError {
  return new InvalidInputError(
    `${origin}: ${field}: expected in turns of the assistant alone, found in one of ${role}.`,
  );
}
