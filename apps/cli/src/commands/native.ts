import type { Command } from "commander";
import { buildNativeBackend } from "../native/build-native-backend.ts";

interface NativeFlags {
  readonly gpu?: boolean;
  readonly tensorflow?: string;
}

export function addNativeCommand(program: Command): void {
  program
    .command("native")
    .description("build @tensorflow/tfjs-node against the TensorFlow of a Python wheel (CUDA 12 with --gpu)")
    .argument("[project]", "folder whose node_modules get the package", ".")
    .option("--gpu", "build @tensorflow/tfjs-node-gpu")
    .option("--tensorflow <folder>", "installed `tensorflow` package (default: the one python3 imports)")
    .action(async (projectFolder: string, { gpu, tensorflow }: NativeFlags) => {
      const { moduleFolder, tensorflowVersion } = await buildNativeBackend({
        package: gpu ? "tfjs-node-gpu" : "tfjs-node",
        projectFolder,
        tensorflow,
        onProgress: (message) => process.stderr.write(`${message}\n`),
      });
      process.stdout.write(
        `built against TensorFlow ${tensorflowVersion}; use it with --engine tfjs --backend tensorflow${gpu ? "-gpu" : ""} ` +
          `--set engine.moduleFolder=${moduleFolder}\n`,
      );
    });
}
