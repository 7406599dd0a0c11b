const marker = Symbol.for("blora.error");

/** `instanceof` fails between two copies of a package; a registered symbol does not. */
function isMarked(value: unknown): value is BloraError {
  return typeof value === "object" && value !== null && marker in value;
}

export interface BloraErrorOptions extends ErrorOptions {
  /** Options of a component that the message is about, by their names: whoever set them is to be told. */
  readonly wrongOptions?: readonly string[];
}

/**
 * Base of every error a user can cause. The message is one sentence that says
 * what was expected, what was found and, where it helps, what to do.
 */
export class BloraError extends Error {
  override readonly name: string = "BloraError";

  /** Options of a component that the message is about, by their names; undefined where it is about anything else, such as data. */
  declare readonly wrongOptions?: readonly string[];

  constructor(message: string, options: BloraErrorOptions = {}) {
    super(message, options);
    const { wrongOptions } = options;
    Object.defineProperties(this, {
      [marker]: { value: true },
      // Not shown where an error is printed whole.
      ...(wrongOptions !== undefined && { wrongOptions: { value: wrongOptions } }),
    });
  }

  /** True for errors of any class here, of any installed copy of this package. */
  static isInstance(value: unknown): value is BloraError {
    return isMarked(value);
  }
}

/** A file, row, key or option whose content is not what it must be. */
export class InvalidInputError extends BloraError {
  override readonly name: string = "InvalidInputError";
  static override isInstance(value: unknown): value is InvalidInputError {
    return isMarked(value) && value.name === "InvalidInputError";
  }
}

/** Something named by the user that does not exist: a file, a component, a split. */
export class NotFoundError extends BloraError {
  override readonly name: string = "NotFoundError";
  static override isInstance(value: unknown): value is NotFoundError {
    return isMarked(value) && value.name === "NotFoundError";
  }
}

/** A plugin that cannot be registered or used: a duplicate id, a foreign plugin API version, or a part it promises and lacks. */
export class PluginError extends BloraError {
  override readonly name: string = "PluginError";
  static override isInstance(value: unknown): value is PluginError {
    return isMarked(value) && value.name === "PluginError";
  }
}

/** An optional package or native library that was asked for and is absent. */
export class MissingDependencyError extends BloraError {
  override readonly name: string = "MissingDependencyError";
  static override isInstance(value: unknown): value is MissingDependencyError {
    return isMarked(value) && value.name === "MissingDependencyError";
  }
}

/** Training that must not go on: a loss or gradient that is not finite. */
export class NumericalError extends BloraError {
  override readonly name: string = "NumericalError";
  static override isInstance(value: unknown): value is NumericalError {
    return isMarked(value) && value.name === "NumericalError";
  }
}
