import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A Python process that answers one JSON line with another. */
export interface PythonPeer {
  readonly versions: Readonly<Record<string, string>>;
  ask(question: object): Promise<Record<string, number>>;
  close(): void;
}

/** Starts `benchmarks/peers/<script>` with the interpreter of a virtual environment. */
export async function startPeer(python: string, script: string, threads: number): Promise<PythonPeer> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(python, [path, String(threads)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${script} ended early`);
    return JSON.parse(value);
  };
  const versions = (await next()) as Record<string, string>;
  return {
    versions,
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return (await next()) as Record<string, number>;
    },
    close: () => child.stdin.end(),
  };
}
