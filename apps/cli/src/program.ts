import { Command } from "commander";
import { addBopsCommand } from "./commands/bops.ts";
import { addDemoCommand } from "./commands/demo.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEvalCommand } from "./commands/eval.ts";
import { type BenchmarkFlags, benchmarkAssignments } from "./commands/eval-likelihood.ts";
import { addExportCommand } from "./commands/export.ts";
import { addGenerateCommand } from "./commands/generate.ts";
import { givenFlags, refuseEmpty } from "./commands/idle-flags.ts";
import { addInspectCommand } from "./commands/inspect.ts";
import { addJobCommand } from "./commands/job.ts";
import { addMergeCommand } from "./commands/merge.ts";
import { addNativeCommand } from "./commands/native.ts";
import { addOptionsCommand } from "./commands/options.ts";
import { addPredictCommand } from "./commands/predict.ts";
import { addPublishCommand } from "./commands/publish.ts";
import { addReportCommand } from "./commands/report.ts";
import { addStudioCommand } from "./commands/studio.ts";
import { addSweepCommand } from "./commands/sweep.ts";
import { addTrainCommand } from "./commands/train.ts";
import { addWorkerCommand } from "./commands/worker.ts";
import { requireOneValue } from "./run/assignments.ts";
import type { RunRequest } from "./run/request.ts";
import { cliVersion } from "./version.ts";

/** The command line. Mistakes in its use throw; `exit` sets the status of a run that ended as asked. */
export function createProgram(exit: (status: number) => void): Command {
  const program = new Command("blora")
    .description("Bayesian LoRA (arXiv 2406.13046): fine-tune with rank and bit widths chosen within a budget")
    .version(cliVersion())
    .exitOverride()
    .showHelpAfterError("blora --help lists the commands.");
  program.hook("preAction", (_, command) => {
    refuseEmpty(command);
    const flags = givenFlags<RunRequest & BenchmarkFlags>(command);
    requireOneValue({ ...flags, taskFlags: benchmarkAssignments(flags) });
  });
  addTrainCommand(program, exit);
  addSweepCommand(program, exit);
  addWorkerCommand(program, exit);
  addJobCommand(program, exit);
  addEvalCommand(program, exit);
  addPredictCommand(program, exit);
  addReportCommand(program);
  addStudioCommand(program);
  addGenerateCommand(program);
  addExportCommand(program);
  addInspectCommand(program);
  addMergeCommand(program);
  addPublishCommand(program);
  addBopsCommand(program);
  addDemoCommand(program, exit);
  addDoctorCommand(program, exit);
  addNativeCommand(program);
  addOptionsCommand(program);
  for (const command of program.commands) {
    const takesSet = command.options.some(({ long }) => long === "--set");
    const also = takesSet ? " What blora options lists goes by --set <name>=<value>." : "";
    command.exitOverride().showHelpAfterError(`blora ${command.name()} --help lists what it takes.${also}`);
  }
  return program;
}
