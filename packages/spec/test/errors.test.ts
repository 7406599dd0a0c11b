import { describe, expect, test } from "vitest";
import { BloraError, didYouMean, InvalidInputError, NotFoundError, nearestNames } from "../src/index.ts";

describe("errors", () => {
  test("are recognized by class, and all of them by the base", () => {
    const error = new NotFoundError("no such thing");
    expect([BloraError, NotFoundError, InvalidInputError].map((Class) => Class.isInstance(error))).toEqual([
      true,
      true,
      false,
    ]);
    expect([new Error("x"), null, "text", {}].map((value) => BloraError.isInstance(value))).toEqual(
      Array(4).fill(false),
    );
  });

  test("show the options they are about to those who ask, and to nobody else", () => {
    const error = new InvalidInputError("no such column", { wrongOptions: ["label"] });
    expect(error.wrongOptions).toEqual(["label"]);
    expect(Object.keys(error)).not.toContain("wrongOptions");
    expect(new InvalidInputError("no such row").wrongOptions).toBeUndefined();
  });

  test("are recognized across two installed copies of the package", () => {
    const foreign = Object.assign(new Error("theirs"), { name: "InvalidInputError" });
    Object.defineProperty(foreign, Symbol.for("blora.error"), { value: true });
    expect(InvalidInputError.isInstance(foreign)).toBe(true);
    expect(NotFoundError.isInstance(foreign)).toBe(false);
  });
});

describe("suggestions", () => {
  test("are the nearest names by edit distance, nearest first", () => {
    expect(nearestNames("mrcp", ["sst2", "mrpc", "mnli"])).toEqual(["mrpc"]);
    expect(didYouMean("quer", ["query", "key"])).toBe(" Did you mean query?");
    expect(didYouMean("xyzxyz", ["query", "key"])).toBe("");
  });
});
