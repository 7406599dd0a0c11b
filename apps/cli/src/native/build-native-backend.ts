import { existsSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BloraError, MissingDependencyError } from "@blora/spec";
import { type CommandOptions, lastLines, runCommand } from "./run-command.ts";
import { findTensorflow, WHEEL_FILES } from "./tensorflow-wheel.ts";

const PACKAGE_VERSION = "4.22.0";
/** The names tfjs-node and its linker flags know the library by. */
const LIBRARY_NAMES = ["libtensorflow.so", "libtensorflow.so.2", "libtensorflow.so.2.9.1"];

interface NativeBuildOptions {
  readonly package: "tfjs-node" | "tfjs-node-gpu";
  /** Folder of an installed Python package `tensorflow`; by default the one `python3` imports. */
  readonly tensorflow?: string | undefined;
  /** Project whose node_modules hold the package. It is installed there if absent. */
  readonly projectFolder: string;
  /** Told what is being done, and every line the compiler prints. */
  readonly onProgress?: ((message: string) => void) | undefined;
}

interface NativeBuild {
  /** What `moduleFolder` of the engine, or BLORA_NATIVE_FOLDER, must name to use it. */
  readonly moduleFolder: string;
  readonly tensorflowFolder: string;
  readonly tensorflowVersion: string;
}

/**
 * Compiles the addon of tfjs-node or tfjs-node-gpu against the TensorFlow of a
 * Python wheel. The package's own install script downloads TensorFlow 2.9.1,
 * which is built for CUDA 11.2; a current wheel runs on current cards. The
 * wheel is linked to, not copied, so it must stay where it is.
 *
 * Needs Linux, python3, make and a C++ compiler. Throws
 * `MissingDependencyError` where something to build with is absent and
 * `BloraError` where the build fails.
 */
export async function buildNativeBackend(options: NativeBuildOptions): Promise<NativeBuild> {
  const { package: name, onProgress = () => undefined } = options;
  if (process.platform !== "linux") {
    throw new MissingDependencyError(`The native backend can be built on Linux only, this is ${process.platform}.`);
  }
  const moduleFolder = resolve(options.projectFolder);
  const tensorflowFolder = await findTensorflow(options.tensorflow);
  onProgress(`Building against ${tensorflowFolder}`);
  const packageFolder = await installPackage(name, moduleFolder, onProgress);
  await linkTensorflow(packageFolder, tensorflowFolder);
  onProgress("Compiling the addon");
  await runOrThrow("npx", ["--no-install", "node-pre-gyp", "install", "--build-from-source"], {
    folder: packageFolder,
    variables: localHeaders(),
    onLine: onProgress,
  });
  const tensorflowVersion = await loadedVersion(packageFolder);
  onProgress(`@tensorflow/${name} runs TensorFlow ${tensorflowVersion}`);
  return { moduleFolder, tensorflowFolder, tensorflowVersion };
}

/** Installs the package without its install script and returns its folder. */
async function installPackage(
  name: string,
  projectFolder: string,
  onProgress: (line: string) => void,
): Promise<string> {
  const packageFolder = join(projectFolder, "node_modules", "@tensorflow", name);
  if (existsSync(join(packageFolder, "binding.gyp"))) return packageFolder;
  await mkdir(projectFolder, { recursive: true });
  const manifest = join(projectFolder, "package.json");
  // Without one npm would install into the next folder above that has one.
  if (!existsSync(manifest)) await writeFile(manifest, `${JSON.stringify({ private: true }, undefined, 2)}\n`);
  const wanted = `@tensorflow/${name}@${PACKAGE_VERSION}`;
  onProgress(`Installing ${wanted}`);
  await runOrThrow("npm", ["install", wanted, "--ignore-scripts", "--no-audit", "--no-fund"], {
    folder: projectFolder,
    onLine: onProgress,
  });
  return packageFolder;
}

/** Puts links to headers and libraries where the addon's build looks for a downloaded TensorFlow. */
async function linkTensorflow(packageFolder: string, tensorflowFolder: string): Promise<void> {
  const deps = join(packageFolder, "deps");
  await rm(deps, { recursive: true, force: true });
  await mkdir(join(deps, "lib"), { recursive: true });
  await symlink(join(tensorflowFolder, WHEEL_FILES.headers), join(deps, "include"));
  for (const file of [WHEEL_FILES.library, WHEEL_FILES.framework]) {
    await symlink(join(tensorflowFolder, file), join(deps, "lib", file));
  }
  for (const alias of LIBRARY_NAMES) await symlink(WHEEL_FILES.library, join(deps, "lib", alias));
  await symlink(WHEEL_FILES.framework, join(deps, "lib", "libtensorflow_framework.so"));
}

/** Points the build at the headers that came with this Node, where they did. It downloads them otherwise. */
function localHeaders(): Record<string, string> {
  const root = dirname(dirname(process.execPath));
  return existsSync(join(root, "include/node/node_api.h")) ? { npm_config_nodedir: root } : {};
}

/** Loads the addon in a process of its own, since one that crashes must not take this one along. */
async function loadedVersion(packageFolder: string): Promise<string> {
  const script = `
    const util = require("node:util");
    util.isNullOrUndefined ??= (value) => value === null || value === undefined;
    const tf = require(${JSON.stringify(packageFolder)});
    tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).dataSync();
    console.log("TensorFlow=" + tf.backend().binding.TF_Version);
  `;
  const { output } = await runOrThrow(process.execPath, ["-e", script], { folder: packageFolder });
  const version = /^TensorFlow=(.+)$/m.exec(output)?.[1];
  if (version === undefined) throw new BloraError(`The addon was built but does not run:\n${lastLines(output)}`);
  return version;
}

async function runOrThrow(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<{ output: string }> {
  const { succeeded, output } = await runCommand(command, args, options);
  if (succeeded) return { output };
  const commandLine = [command, ...args].slice(0, 4).join(" ");
  throw new BloraError(`"${commandLine}" failed in ${options.folder}:\n${lastLines(output)}`);
}
