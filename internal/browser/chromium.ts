import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** The system's Chromium, or the one named in CHROMIUM; undefined where there is none. */
export const chromiumPath: string | undefined = [
  process.env.CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== "" && existsSync(path));

/** Such as `Chromium 150.0.7871.46`. */
export function chromiumVersion(): string {
  const [version] = /^\S+ [\d.]+/.exec(
    execFileSync(chromiumPath!, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  ) ?? ["unknown"];
  return version;
}

/** Quiet, and with a GPU of software where there is no other. */
export const CHROMIUM_FLAGS: readonly string[] = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
];
