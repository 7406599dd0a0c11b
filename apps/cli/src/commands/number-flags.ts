import { InvalidArgumentError } from "commander";

/** Reads a value for commander. @throws InvalidArgumentError saying what was expected and what was found */
type ParseNumber = (text: string) => number;

/** Above 0. */
export const positiveInteger: ParseNumber = parser("a whole number above 0", (number) => isWhole(number) && number > 0);

/** 0 or more. */
export const countOrZero: ParseNumber = parser("a whole number from 0", (number) => isWhole(number) && number >= 0);

/** As random number generators take it: 32 bits. */
export const seed: ParseNumber = parser(
  "a whole number from 0 to 4294967295",
  (number) => isWhole(number) && number >= 0 && number < 2 ** 32,
);

/** 0 asks for any that is free. */
export const port: ParseNumber = parser(
  "a whole number from 0 to 65535",
  (number) => isWhole(number) && number >= 0 && number < 2 ** 16,
);

/** Above 0, at most 1. */
export const share: ParseNumber = parser("a number above 0 and at most 1", (number) => number > 0 && number <= 1);

export const positiveNumber: ParseNumber = parser("a number above 0", (number) => number > 0);

/** 0 or more. */
export const numberOrZero: ParseNumber = parser("a number from 0", (number) => number >= 0);

function parser(expected: string, accepts: (number: number) => boolean): ParseNumber {
  return (text) => {
    const number = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isFinite(number) && accepts(number)) return number;
    throw new InvalidArgumentError(`Expected ${expected}, found "${text}".`);
  };
}

function isWhole(number: number): boolean {
  return Number.isSafeInteger(number);
}
