// shardgrad verify: does a finished run again and compares the weights with those that it left.
import { hashParameters, loadModel, Trainer } from "@shardgrad/parallel";
import { verifyOptions } from "../options/use.js";
import { readManifest, runFiles } from "../run-folder.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { planTraining } from "../training-plan.js";
import { UsageError } from "../usage-error.js";
import type { CommandResult } from "./run.js";

/** Exits with 1 when the model file or the repetition has other weights than the manifest says; writes nothing. */
export async function verify(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(verifyOptions, flags, process.env, null);
  const { run: folder, workers, json } = settings;
  if (folder === undefined)
    throw new UsageError("RUN: no run; give a folder that train has written");
  const manifest = await readManifest(folder);
  const { weights, status } = manifest;
  if (status !== "finished" || weights === undefined)
    throw new UsageError(
      `${folder}: the run is ${status}, and only a finished one can be verified; shardgrad train --resume ${folder} finishes it`,
    );
  const plan = await planTraining(
    new Map([
      ["config", runFiles(folder).config],
      ["workers", String(workers)],
    ]),
    {}, // the run's own settings, whatever the environment says now
    manifest,
  );
  const stored = hashParameters((await loadModel(folder, { ops: null })).parameters);
  const trainer = new Trainer(plan.options);
  let repeated: string;
  try {
    repeated = (await trainer.run().result).hash;
  } finally {
    await trainer.close();
  }
  const same = stored === weights.sha256 && repeated === weights.sha256;
  const report = { type: "verify", same, manifest: weights.sha256, stored, repeated };
  process.stdout.write(
    json
      ? `${JSON.stringify(report)}\n`
      : [
          `manifest    ${weights.sha256}`,
          `model file  ${stored}`,
          `repeated    ${repeated}`,
          same
            ? "the same weights, byte for byte"
            : `not the same weights; the run was done by shardgrad ${manifest.shardgrad} on Node ${manifest.node} with --backend ${manifest.backend}`,
          "",
        ].join("\n"),
  );
  return same ? 0 : 1;
}
