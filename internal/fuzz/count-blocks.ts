import ts from "typescript";

/** Name of the counters in the code of a module. */
const COUNTS = "__blocks";

/**
 * A module in which every function, branch, loop, case and optional operand counts how often it runs, line for line as it
 * was. The counters are bytes of `globalThis.bloraCounters`, see `Counters`, and go on from 0 after 255.
 */
export function countBlocks(code: string): string {
  const source = ts.createSourceFile("module.js", code, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  const openings: (readonly [at: number, text: string])[] = [];
  const closings: (readonly [at: number, text: string])[] = [];
  let blocks = 0;
  const count = (): string => `${COUNTS}[${blocks++}]++`;
  const wrap = (node: ts.Node, before: string, after: string): void => {
    openings.push([node.getStart(source), before]);
    closings.push([node.end, after]);
  };
  const countExpression = (node: ts.Node): void => wrap(node, `(${count()},`, ")");
  const countStatement = (node: ts.Node): void => {
    if (ts.isBlock(node)) openings.push([node.statements.pos, `${count()};`]);
    else wrap(node, `{${count()};`, "}");
  };
  const visit = (node: ts.Node): void => {
    if (ts.isIfStatement(node)) {
      countStatement(node.thenStatement);
      if (node.elseStatement !== undefined) countStatement(node.elseStatement);
    } else if (ts.isIterationStatement(node, false)) countStatement(node.statement);
    else if (ts.isCatchClause(node)) countStatement(node.block);
    else if (ts.isCaseOrDefaultClause(node)) openings.push([node.statements.pos, `${count()};`]);
    else if (ts.isConditionalExpression(node)) {
      countExpression(node.whenTrue);
      countExpression(node.whenFalse);
    } else if (ts.isBinaryExpression(node) && OPTIONAL.has(node.operatorToken.kind)) countExpression(node.right);
    else if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const body = node.body as ts.ConciseBody;
      if (ts.isBlock(body)) countStatement(body);
      else countExpression(body);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  // What begins first ends last.
  const insertions = [...closings.reverse(), ...openings].sort(([a], [b]) => a - b);
  let [counted, done] = [`const ${COUNTS} = globalThis.bloraCounters.add(${blocks}); `, 0];
  for (const [at, text] of insertions) {
    counted += code.slice(done, at) + text;
    done = at;
  }
  return counted + code.slice(done);
}

/** Operators whose right side is left out at times. */
const OPTIONAL: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);
