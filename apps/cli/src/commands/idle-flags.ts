import type { Command } from "commander";
import { UsageError } from "../exit.ts";

/** Flags of the command line alone, without the defaults of others. */
export function givenFlags<Flags extends object>(command: Command): Partial<Flags> {
  const given = Object.entries(command.opts<Flags>()).filter(([name]) => isGiven(command, name));
  return Object.fromEntries(given) as Partial<Flags>;
}

const isGiven = (command: Command, name: string): boolean => command.getOptionValueSource(name) === "cli";

export interface Beside {
  /** What such a flag goes with. */
  readonly expected: string;
  readonly found: string;
}

/** @throws UsageError for the first of these flags that was given, where it would change nothing */
export function refuseIdle(command: Command, names: readonly string[], { expected, found }: Beside): void {
  const idle = command.options.find(
    (option) => names.includes(option.attributeName()) && isGiven(command, option.attributeName()),
  );
  if (idle === undefined) return;
  throw new UsageError(`${idle.long}: expected ${expected}, found ${found}.`);
}

/** Flags for which an empty text is a value. */
const TEXTS: ReadonlySet<string> = new Set(["--prompt", "--title"]);

/**
 * @throws UsageError for an argument or a flag that is an empty text, as a variable of the shell is that was never set: as
 *   a folder it would be the one the command runs in
 */
export function refuseEmpty(command: Command): void {
  for (const { name, value } of valuesOf(command)) {
    if ([value].flat().includes("")) throw new UsageError(`${name}: expected a value, found an empty text.`);
  }
}

function valuesOf(command: Command): { readonly name: string; readonly value: unknown }[] {
  const flags = command.options
    .filter(({ long }) => !TEXTS.has(long ?? ""))
    .map((option) => ({
      name: option.long ?? option.flags,
      value: command.getOptionValue(option.attributeName()) as unknown,
    }));
  const given = command.registeredArguments.map((argument, index) => ({
    name: `<${argument.name()}>`,
    value: command.processedArgs[index] as unknown,
  }));
  return [...flags, ...given, ...(command.parent === null ? [] : valuesOf(command.parent))];
}
