import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";

/** Repository root. */
export const root: string = path.resolve(import.meta.dirname, "../..");

export interface CommandResult {
  readonly ok: boolean;
  /** What it printed on both streams. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  /** Whether its output is also shown while it runs. */
  readonly live?: boolean;
}

/** Runs a program to its end. Never throws: a program that cannot start is one that failed. */
export function command(
  program: string,
  parameters: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { cwd: options.cwd ?? root, env: environment() });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk;
      if (options.live) process.stdout.write(chunk);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => resolve({ ok: false, output: `${output}${error.message}` }));
    child.on("close", (status) => resolve({ ok: status === 0, output }));
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });
}

/** Runs the executable of an installed package, without a shell or npx in between. */
export function tool(
  packageName: string,
  parameters: readonly string[],
  options?: CommandOptions,
): Promise<CommandResult> {
  return command(process.execPath, [binaryOf(packageName), ...parameters], options);
}

/** Runs npm; on Windows it is a script that only a shell finds, so npm's own entry point is preferred. */
export function npm(parameters: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  const entry = process.env.npm_execpath;
  return entry?.endsWith(".js")
    ? command(process.execPath, [entry, ...parameters], options)
    : command("npm", parameters, options);
}

function binaryOf(packageName: string): string {
  const manifestPath = path.join(root, "node_modules", packageName, "package.json");
  const { bin } = createRequire(manifestPath)(manifestPath) as { bin: string | Record<string, string> };
  const relative = typeof bin === "string" ? bin : (bin[path.basename(packageName)] ?? Object.values(bin)[0]!);
  return path.join(path.dirname(manifestPath), relative);
}

/** npm's settings for this repository must not leak into the projects that checks create elsewhere. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_config_(?!registry|cache|userconfig)/i.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
    ONNXRUNTIME_NODE_INSTALL: "skip",
  };
}
