import { join } from "node:path";
import { InvalidInputError } from "@blora/spec";
import { createJiti } from "jiti";

/**
 * The exports of a module of the user's, in TypeScript too, as the working folder finds it.
 *
 * @param place what names it in an error
 * @param file its path, where known: an error then says which of its lines failed
 * @throws InvalidInputError for whatever goes wrong in it: it is the user's, not a bug of ours
 */
export async function importModule(specifier: string, place: string, file?: string): Promise<unknown> {
  try {
    return await createJiti(join(process.cwd(), "blora.js")).import(specifier);
  } catch (error) {
    const { name, message, stack = "" } = error instanceof Object ? (error as Error) : new Error(String(error));
    // jiti appends who asked for a missing module, and its parser breaks lines.
    const [problem] = message.split("\nRequire stack:");
    const kind = InvalidInputError.isInstance(error) || name === "Error" ? "" : `${name}: `;
    const text = `${kind}${problem!.replace(/\s+/g, " ").trim()}`;
    throw new InvalidInputError(`${place}${lineOf(stack, file)}: ${text}`, { cause: error });
  }
}

/** Of the first frame in a file. */
function lineOf(stack: string, file: string | undefined): string {
  const frame = stack.split("\n").find((line) => /^\s+at /.test(line) && file !== undefined && line.includes(file));
  return frame === undefined ? "" : `:${/:(\d+):\d+\)?$/.exec(frame)?.[1]}`;
}
