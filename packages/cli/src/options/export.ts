// The options of the command that writes a model for other runtimes.
import type { OptionTable } from "./option.js";
import { sessionOptions } from "./common.js";
import { choice, path } from "./values.js";

/** What `shardgrad export` is asked to do. */
export interface ExportSettings {
  readonly model?: string | undefined;
  readonly data?: string | undefined;
  readonly out?: string | undefined;
  readonly format?: "onnx" | "js" | "safetensors" | undefined;
  readonly verbose: boolean;
}

export const exportOptions: OptionTable<ExportSettings> = {
  model: {
    kind: path("a run folder or a .safetensors file"),
    help: "Run folder, or model file",
    group: "Data",
    positional: true,
    scope: "session",
  },
  data: {
    kind: path("a table file"),
    help: "Table whose rows compare the written file with the model",
    group: "Data",
    positional: true,
    defaultWords: "the run's own validation or test rows",
    scope: "session",
  },
  out: {
    kind: path("a .onnx, .js, .mjs or .safetensors file"),
    help: "File to write: .onnx; .js or .mjs, with its types beside it; .safetensors for the weights alone",
    group: "Output",
    scope: "session",
  },
  format: {
    kind: choice("onnx", "js", "safetensors"),
    help: "What to write",
    group: "Output",
    defaultWords: "by the name of --out",
    scope: "session",
  },
  verbose: sessionOptions.verbose,
};
