import { InvalidInputError } from "@blora/spec";
import { expect } from "vitest";

/** The message `act` is refused with, which must be an `InvalidInputError`'s; `accepted` where it is not refused. */
export function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(InvalidInputError.isInstance(error)).toBe(true);
    return (error as Error).message;
  }
  return "accepted";
}
