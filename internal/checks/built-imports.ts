import { type Check, verdict } from "./check.ts";
import { command } from "./command.ts";
import { publishedPackages } from "./packages.ts";

/** Plain Node loads the built output of every library; a package for test files only loads inside vitest. */
export const builtImports: Check = {
  name: "imports: plain Node loads every built package",
  run: async () => {
    const names = publishedPackages()
      .filter(({ manifest }) => manifest.exports !== undefined && manifest.peerDependencies?.vitest === undefined)
      .map(({ manifest }) => manifest.name);
    const script = `
      const problems = [];
      for (const name of ${JSON.stringify(names)}) {
        const exported = await import(name).then(Object.keys, (error) => problems.push(name + ": " + error.message));
        if (exported.length === 0) problems.push(name + " exports nothing");
      }
      if (problems.length > 0) throw new Error(problems.join("\\n"));
    `;
    const { ok, output } = await command(process.execPath, ["--input-type=module", "--eval", script]);
    return verdict(ok, output);
  },
};
