import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

/**
 * What the engine kit takes of vitest, for a page: tests are collected as they are described and run by `runTests`.
 * Bundles put it in the place of `vitest`.
 */

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export const expect: Chai.ExpectStatic = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
) as unknown as Chai.ExpectStatic;

interface Collected {
  readonly name: string;
  readonly work: () => unknown;
}

/** What became of the tests of a page. */
export interface PageResults {
  readonly passed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly message: string }[];
}

const collected: Collected[] = [];
const atTheEnd: (() => unknown)[] = [];
const path: string[] = [];

export function describe(name: string, content: () => void): void {
  path.push(name);
  content();
  path.pop();
}

function collect(name: string, work: () => unknown): void {
  collected.push({ name: [...path, name].join(" > "), work });
}

/** One test for each case, whose values stand in the name as `$key`. */
function each<Case extends Readonly<Record<string, unknown>>>(cases: readonly Case[]) {
  return (name: string, work: (values: Case) => unknown): void => {
    for (const values of cases) {
      const filled = name.replace(/\$(\w+)/g, (_, key: string) => String(values[key]));
      collect(filled, () => work(values));
    }
  };
}

export const test: typeof collect & { readonly each: typeof each } = Object.assign(collect, { each });

export function afterAll(work: () => unknown): void {
  atTheEnd.push(work);
}

/** Nothing is left in a page. */
export function onTestFinished(): void {}

/**
 * Runs what was collected, in order, and tells of each test once.
 *
 * @param every 1 for all of them, 3 for every third
 */
export async function runTests(every = 1): Promise<PageResults> {
  const passed: string[] = [];
  const failed: PageResults["failed"][number][] = [];
  for (const { name, work } of collected.filter((_, index) => index % every === 0)) {
    try {
      await work();
      passed.push(name);
    } catch (error) {
      failed.push({ name, message: String(error) });
    }
  }
  for (const work of atTheEnd) await work();
  return { passed, failed };
}
