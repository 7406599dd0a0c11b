import { Environment, Interpreter, parse, Template, tokenize } from "@huggingface/jinja";
import { isEqual, plainValue, pythonText, type RuntimeValue, stripped, textOf, WHITE_SPACE } from "./python-text.ts";

/** What this file reads of the library's syntax trees. */
interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

interface Scope {
  set(name: string, value: unknown): unknown;
}

interface Interpreting {
  evaluate(node: Node | undefined, scope: Scope): RuntimeValue;
  run(program: Node): RuntimeValue;
}

// The library's own types of these do not resolve.
const LibraryScope = Environment as unknown as new () => Scope;
const LibraryInterpreter = Interpreter as unknown as new (scope: Scope) => Interpreting;
// Lines may end as Windows ends them; Jinja in Python writes them as one character all the same.
const parsed = (source: string): Node =>
  parse(tokenize(source.replace(/\r\n?/g, "\n"), { lstrip_blocks: true, trim_blocks: true })) as unknown as Node;

const STATEMENTS: ReadonlySet<string> = new Set([
  ...["Program", "If", "For", "Set", "Macro", "Comment", "Break", "Continue", "FilterStatement", "CallStatement"],
]);
const STRIPS: ReadonlySet<unknown> = new Set(["strip", "lstrip", "rstrip"]);
const BLOCKS = ["body", "alternate", "defaultBlock"] as const;

/** Marks, in every block, the expressions whose values are written. */
function withWritten(node: Node): Node {
  const blocks = BLOCKS.flatMap((key) => {
    const block = node[key];
    return Array.isArray(block) ? [[key, (block as Node[]).map(marked)]] : [];
  });
  return Object.assign(node, Object.fromEntries(blocks));
}

function marked(node: Node): Node {
  if (STATEMENTS.has(node.type)) return withWritten(node);
  return node.type === "StringLiteral" ? node : { type: "Written", expression: node };
}

/**
 * The library's interpreter with what it does otherwise than Jinja in Python: how none, true, lists and objects are written,
 * that a text joins to nothing but a text, what is equal, which letters are stripped, and JSON of what is empty.
 */
class PythonInterpreter extends LibraryInterpreter {
  override evaluate(node: Node | undefined, scope: Scope): RuntimeValue {
    switch (node?.type) {
      case "Known":
        return node.value as RuntimeValue;
      case "Written": {
        const value = this.evaluate(node.expression as Node, scope);
        const text = pythonText(value);
        return text === undefined ? value : this.#text(text, scope);
      }
      case "BinaryExpression":
        return this.#binary(node, scope) ?? super.evaluate(node, scope);
      case "CallExpression":
        return this.#strip(node, scope) ?? super.evaluate(node, scope);
      case "FilterExpression":
        return this.#filter(node, scope) ?? super.evaluate(node, scope);
      default:
        return super.evaluate(node, scope);
    }
  }

  #text(value: string, scope: Scope): RuntimeValue {
    return super.evaluate({ type: "StringLiteral", value }, scope);
  }

  #truth(value: boolean, scope: Scope): RuntimeValue {
    return super.evaluate({ type: "Identifier", value: value ? "True" : "False" }, scope);
  }

  /** Letters to strip, which the library passes over, and white space as Python has it. */
  #strip(node: Node, scope: Scope): RuntimeValue | undefined {
    const { callee, args } = node as { readonly callee?: Node; readonly args?: readonly Node[] };
    const method = callee?.computed === false ? (callee.property as Node).value : undefined;
    if (!STRIPS.has(method) || args === undefined || args.length > 1) return undefined;
    const text = this.evaluate(callee!.object as Node, scope);
    const letters = args.length === 0 ? this.#text(WHITE_SPACE, scope) : this.evaluate(args[0], scope);
    if (text.type !== "StringValue" || letters.type !== "StringValue") {
      throw new Error(`it calls ${method} with what is no text`);
    }
    return this.#text(stripped(String(text.value), String(letters.value), String(method)), scope);
  }

  #binary(node: Node, scope: Scope): RuntimeValue | undefined {
    const operator = (node.operator as Node).value;
    if (!["~", "+", "==", "!="].includes(operator as string)) return undefined;
    const left = this.evaluate(node.left as Node, scope);
    const right = this.evaluate(node.right as Node, scope);
    if (operator === "==" || operator === "!=") {
      return this.#truth(isEqual(left, right) === (operator === "=="), scope);
    }
    if (operator === "~") return this.#text(textOf(left) + textOf(right), scope);
    const isText = [left, right].some(({ type }) => type === "StringValue");
    if (isText && [left, right].some((value) => pythonText(value) !== undefined)) {
      throw new Error("it joins a text to what is no text");
    }
    // Evaluated once: a sum of many terms is nested as deep.
    const known = (value: RuntimeValue): Node => ({ type: "Known", value });
    return super.evaluate({ ...node, left: known(left), right: known(right) }, scope);
  }

  #filter({ filter, operand }: Node, scope: Scope): RuntimeValue | undefined {
    const { type, value: name, callee, args } = filter as Node;
    if (type === "Identifier") {
      if (name !== "string" && name !== "trim") return undefined;
      const text = textOf(this.evaluate(operand as Node, scope));
      return this.#text(name === "trim" ? stripped(text, WHITE_SPACE, "strip") : text, scope);
    }
    const [indent, ...others] = args as readonly Node[];
    const isIndented = (callee as Node).value === "tojson" && (indent?.key as Node | undefined)?.value === "indent";
    if (!isIndented || others.length > 0) return undefined;
    const { value: width } = this.evaluate(indent!.value as Node, scope);
    if (typeof width !== "number" || width < 1) return undefined;
    const value = plainValue(this.evaluate(operand as Node, scope));
    return this.#text(JSON.stringify(value, null, width), scope);
  }
}

const range = (start: number, end?: number, step = 1): number[] => {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, index) => from + index * step);
};

const GLOBALS: Readonly<Record<string, unknown>> = {
  ...{ true: true, false: false, none: null, True: true, False: false, None: null },
  range,
  raise_exception: (message: string): never => {
    throw new Error(message);
  },
  strftime_now: (format: string): string => new Template("{{ strftime_now(format) }}").render({ format }),
};

/** A chat template, ready to be run with the values it reads. */
export function compileTemplate(source: string): (values: Readonly<Record<string, unknown>>) => string {
  const program = withWritten(parsed(source));
  return (values) => {
    const scope = new LibraryScope();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...values })) scope.set(name, value);
    return String(new PythonInterpreter(scope).run(program).value);
  };
}

/** JSON as Python writes it, with spaces after commas and colons. */
export const pythonJson = (value: unknown): string => new Template("{{ value | tojson }}").render({ value });
