import { InvalidInputError, isJsonRecord, type JsonRecord, parseStrictJson } from "@blora/spec";

/** One object of a data file. */
export interface DataRecord {
  /** File and row, for error messages. */
  readonly origin: string;
  readonly fields: JsonRecord;
}

const EXCERPT = 60;
/** An unescaped `\ud800`: `JSON.stringify` escapes only halves of surrogate pairs that stand alone. */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;
const encoder = new TextEncoder();

/**
 * One object of JSON.
 *
 * @param origin file and line, for error messages
 * @throws InvalidInputError where it is none, has a key twice, or text that UTF-8 cannot hold
 */
export function parseRecord(source: string, origin: string): DataRecord {
  // Files put together with cat have byte order marks inside.
  const text = source.replace(/^\uFEFF/, "");
  const fields = parseText(text, origin);
  if (!isJsonRecord(fields)) throw noRecord(text, origin);
  if (text.includes("\\u") && LONE_SURROGATE.test(JSON.stringify(fields))) {
    throw new InvalidInputError(
      `${origin}: expected Unicode text, found half of a surrogate pair, such as \\ud83d without the escape that belongs to it.`,
    );
  }
  return { origin, fields };
}

function parseText(text: string, origin: string): unknown {
  try {
    return parseStrictJson(encoder.encode(text), { origin, anyKeys: true });
  } catch (cause) {
    const isGrammar = cause instanceof Error && cause.cause instanceof SyntaxError;
    throw isGrammar ? noRecord(text, origin, cause) : cause;
  }
}

function noRecord(text: string, origin: string, cause?: Error): InvalidInputError {
  const short = text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
  const excerpt = short.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
  const help = helpWith(text.trim());
  return new InvalidInputError(`${origin}: expected a JSON object, found ${excerpt}.${help && ` ${help}`}`, { cause });
}

/** What usually writes such a line, and what to do about it; empty where nothing is known. */
function helpWith(text: string): string {
  if (/^[[{]$/.test(text) || /^"[^"]*"\s*:/.test(text)) {
    return "An object must be on one line: convert the file with jq -c . (or jq -c '.[]' where it is an array).";
  }
  if (text.startsWith("["))
    return "For an array of objects let the file's name end in .json, or convert it with jq -c '.[]'.";
  if (/^\{\s*'/.test(text)) return "JSON has double quotes: write rows with json.dumps.";
  if (text.endsWith("},")) return "Lines have no comma between them.";
  if (/[:[,]\s*(?:NaN|-?Infinity)\b/.test(text))
    return "JSON has no NaN and no Infinity: write null, or leave the field out.";
  return "";
}
