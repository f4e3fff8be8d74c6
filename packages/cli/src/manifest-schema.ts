// What the manifest of a run must look like. Loaded when one is read.
import * as z from "zod";
import type { Manifest } from "./run-folder.js";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const scores = z.record(z.string(), z.number().nullable());

/** The manifest of a run. */
export const manifestSchema: z.ZodType<Manifest> = z.object({
  shardgrad: z.string(),
  node: z.string(),
  backend: z.string(),
  status: z.enum(["running", "stopped", "failed", "finished"]),
  seed: z.number(),
  configuration: z.object({ sha256 }),
  data: z.array(z.object({ path: z.string(), bytes: z.number(), sha256 })),
  splits: z.record(z.string(), z.object({ rows: z.number(), from: z.string(), sha256 })),
  workers: z.number().optional(),
  shards: z.number().optional(),
  steps: z.number().optional(),
  epochs: z.number().optional(),
  skipped: z.number().optional(),
  converged: z.boolean().optional(),
  best: z.object({ epoch: z.number(), value: z.number() }).optional(),
  seconds: z.number().optional(),
  weights: z.object({ sha256 }).optional(),
  validation: scores.optional(),
  test: scores.optional(),
});
