// What the JSON in the files of models and states must look like. Loaded when such a file is read.
import type { Skipped } from "../step/control.js";
import { activationNames, lossNames, type LossSpec, type ModelSpec } from "@shardgrad/core";
import { z } from "zod";
import type { Encoding } from "../dataset/encode/encoding.js";

const count = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const finite = z.number();
const scale = z.number().positive();
const name = z.string();

const init = z.discriminatedUnion("name", [
  z.strictObject({
    name: z.literal("normal"),
    mean: finite.exactOptional(),
    sd: finite.exactOptional(),
  }),
  z.strictObject({
    name: z.literal("uniform"),
    low: finite.exactOptional(),
    high: finite.exactOptional(),
  }),
  z.strictObject({
    name: z.enum(["glorotUniform", "glorotNormal", "heUniform", "heNormal", "zeros"]),
  }),
  z.strictObject({ name: z.literal("constant"), value: finite }),
]);

const layer = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("dense"),
    units: count,
    activation: z.enum(activationNames),
    bias: z.boolean(),
    weightInit: init,
    biasInit: init,
    tiedTo: z.int().min(0).exactOptional(),
  }),
  z.strictObject({
    type: z.literal("embedding"),
    tables: z
      .array(z.strictObject({ size: count, width: count }))
      .min(1)
      .max(10_000),
  }),
  z.strictObject({ type: z.literal("dropout"), rate: z.number().min(0).lt(1) }),
  z.strictObject({
    type: z.literal("op"),
    name: z.string().min(1).max(200),
    units: z.int().min(1),
    attrs: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  }),
]);

/** A network. */
export const modelSchema: z.ZodType<ModelSpec> = z.strictObject({
  inputs: count,
  layers: z.array(layer).min(1).max(10_000),
});

/** A loss. */
export const lossSchema: z.ZodType<LossSpec> = z.strictObject({
  name: z.enum(lossNames),
  reduction: z.enum(["mean", "sum"]),
});

/** The preprocessing of a table. */
export const encodingSchema: z.ZodType<Encoding> = z.strictObject({
  features: z.array(
    z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("number"),
        column: name,
        low: finite,
        high: finite,
        log: z.boolean(),
        center: finite,
        scale,
        fill: finite,
        missing: z.boolean(),
      }),
      z.strictObject({
        kind: z.literal("embedding"),
        column: name,
        element: z.enum(["text", "number"]),
        values: z.array(z.string()),
        missing: z.boolean(),
        width: count,
      }),
      z.strictObject({
        kind: z.literal("ordinal"),
        column: name,
        values: z.array(z.string()),
        center: finite,
        scale,
        missing: z.boolean(),
      }),
      z.strictObject({
        kind: z.literal("calendar"),
        column: name,
        low: finite,
        high: finite,
        center: finite,
        scale,
        missing: z.boolean(),
      }),
      z.strictObject({
        kind: z.literal("words"),
        column: name,
        width: count,
        missing: z.boolean(),
      }),
      z.strictObject({
        kind: z.literal("category"),
        column: name,
        element: z.enum(["text", "number"]),
        values: z.array(z.string()),
        missing: z.boolean(),
      }),
      z.strictObject({
        kind: z.literal("vector"),
        column: name,
        element: z.enum(["u8", "f32"]),
        width: count,
        mean: finite,
        sd: scale,
      }),
    ]),
  ),
  target: z.discriminatedUnion("kind", [
    z
      .strictObject({
        kind: z.literal("class"),
        column: name,
        element: z.enum(["text", "number"]),
        classes: z.array(z.string()).min(2),
        threshold: z.number().gt(0).lt(1).exactOptional(),
      })
      .refine(({ classes, threshold }) => threshold === undefined || classes.length === 2, {
        error: "a threshold is between two classes",
        path: ["threshold"],
      }),
    z.strictObject({
      kind: z.literal("number"),
      columns: z.array(z.strictObject({ column: name, mean: finite, sd: scale })).min(1),
    }),
    z.strictObject({
      kind: z.literal("labels"),
      labels: z.array(z.string()).min(1),
      list: z.strictObject({ column: name, separator: z.string().min(1) }).nullable(),
    }),
  ]),
  notes: z.array(z.string()),
});

/** What a state file says besides its tensors. */
export interface StateDescription {
  readonly step: number;
  readonly slots: readonly string[];
  /** ‖θ′ − θ‖₂ of the last step. */
  readonly change?: number | undefined;
  /** Steps that were skipped so far, and how many of them came last. */
  readonly skipped?: Skipped | undefined;
  /** The best epoch so far, from 1, and its score. */
  readonly best?: { readonly epoch: number; readonly value: number } | undefined;
}

/** The description of a state. */
export const stateSchema: z.ZodType<StateDescription> = z.strictObject({
  step: z.int().min(0),
  slots: z.array(z.string()),
  change: z.number().min(0).optional(),
  skipped: z.strictObject({ steps: z.int().min(1), inRow: z.int().min(0) }).optional(),
  best: z.strictObject({ epoch: z.int().min(1), value: z.number() }).optional(),
});
