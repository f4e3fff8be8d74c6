// Calls a command's module; only the one that runs is loaded.
import type { CommandName } from "../options/commands.js";
import type { RawFlags } from "../settings.js";
import { startAhead } from "../start-ahead.js";

/** 0 done, 1 a run that failed, 2 input that makes no sense, 130 or 143 ended by SIGINT or SIGTERM. */
export type CommandResult = 0 | 1 | 2 | 130 | 143;

/** Runs the command; errors are thrown. */
export async function runCommand(name: CommandName, flags: RawFlags): Promise<CommandResult> {
  switch (name) {
    case "train":
      startAhead(flags);
      return (await import("./train.js")).train(flags);
    case "evaluate":
      return (await import("./evaluate.js")).evaluateModel(flags);
    case "predict":
      return (await import("./predict.js")).predictRows(flags);
    case "verify":
      return (await import("./verify.js")).verify(flags);
    case "diff":
      return (await import("./diff.js")).diff(flags);
    case "export":
      return (await import("./export.js")).exportModel(flags);
    case "inspect":
      return (await import("./inspect.js")).inspect(flags);
    case "explain":
      return (await import("./explain.js")).explainGraph(flags);
    case "gradcheck":
      return (await import("./gradcheck.js")).gradcheck(flags);
    case "bench":
      return (await import("./bench.js")).bench(flags);
  }
}
