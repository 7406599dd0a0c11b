import type { Registry } from "@blora/core";
import type { PluginKind } from "@blora/spec";
import { KINDS, kindsIn, referenceNames, referenceOf, TRAINING } from "../../apps/cli/src/reference/reference.ts";

/** Pages of `docs/reference` by their names: what `blora options` prints, a page for each kind. */
export function referencePages(registry: Registry): ReadonlyMap<string, string> {
  const names = referenceNames(registry);
  const kinds = kindsIn(registry);
  const pageOf = (title: string, of: readonly string[]): string =>
    [`# ${title}\n`, ...of.map((name) => referenceOf(name, registry))].join("\n");
  const fileOf = (kind: PluginKind): string => `${KINDS[kind].toLowerCase().replaceAll(" ", "-")}.md`;
  const links = kinds.map((kind) => {
    const own = names.filter((name) => name.startsWith(`${kind}.`));
    return `- [${KINDS[kind]}](./${fileOf(kind)}): ${own.map((name) => `\`${name}\``).join(", ")}\n`;
  });
  const index = `# Reference

Every argument of training and every option of every plugin, written from their schemas and comments by \`npm run reference\`.
\`blora options\` lists the plugins, and \`blora options <name>\` prints the same text, for packages of \`--plugin\` too.

- [Training arguments](./training-arguments.md)
${links.join("")}`;
  return new Map([
    ["index.md", index],
    ["training-arguments.md", pageOf("Training arguments", [TRAINING])],
    ...kinds.map((kind) => {
      const own = names.filter((name) => name.startsWith(`${kind}.`));
      return [fileOf(kind), pageOf(KINDS[kind], own)] as const;
    }),
  ]);
}
