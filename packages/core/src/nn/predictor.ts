// Prediction on the calling thread, without workers: a planned forward pass over a few rows at a time.
import { loadKernels, SCRATCH_BYTES, type Kernels } from "../kernels.js";
import { align, bind, plan, realView, writeNumbers, type Place } from "../planner.js";
import { ROWS } from "../shape.js";
import { input, type Op, type Scratch, type Value } from "../value.js";
import { checkParameters, outputOf, outputWidth, parameterSpecs } from "./model.js";
import type { ModelSpec, Parameters } from "./spec.js";

/** Rows of features [rows, inputs] → outputs [rows, outputs]. */
export type Predictor = (features: Float32Array, rows: number) => Float32Array;

// A row's result never depends on the rows beside it, so this only trades memory for calls.
const ROWS_AT_ONCE = 64;
const PAGE = 65536;

/**
 * Makes a synchronous predictor with its own small memory; outputs as the last layer gives them.
 * @param ops the user's own ops, when layers name some
 */
export function createPredictor(
  spec: ModelSpec,
  parameters: Parameters,
  ops?: ReadonlyMap<string, Op>,
): Predictor {
  checkParameters(spec, parameters);
  const outputs = outputWidth(spec);
  const x = input([ROWS, spec.inputs], "x");
  const leaves = new Map(
    parameterSpecs(spec).map(({ name, shape }): [string, Value] => [name, input(shape, name)]),
  );
  const y = outputOf(spec, leaves, x, { ops });
  const lowered = plan([y], {
    bytes: 4,
    mostRows: ROWS_AT_ONCE,
    placed: new Set([x, ...leaves.values()]),
  });

  let end = 64; // address 0 stays unused
  const place = (bytes: number): number => {
    const at = end;
    end += align(bytes);
    return at;
  };
  const scratch = place(SCRATCH_BYTES);
  const region = place(lowered.bytes);
  const places = new Map<Value, Place>([[x, { address: place(ROWS_AT_ONCE * spec.inputs * 4) }]]);
  for (const [name, value] of leaves)
    places.set(value, { address: place((parameters.get(name)?.data.length ?? 0) * 4) });
  const pages = Math.ceil(end / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels: Kernels & Scratch = { ...loadKernels("f32", memory), scratch };
  for (const [name, value] of leaves) {
    const data = parameters.get(name)?.data;
    if (data !== undefined) writeNumbers(kernels, places.get(value)?.address ?? 0, data);
  }
  const bound = bind(kernels, lowered, region, places);
  const features = realView(kernels, places.get(x)?.address ?? 0, ROWS_AT_ONCE * spec.inputs);
  const result = realView(kernels, bound.addressOf(y), ROWS_AT_ONCE * outputs);
  return (rowsOfFeatures, rows) => {
    if (rowsOfFeatures.length !== rows * spec.inputs)
      throw new RangeError(
        `predict: ${rowsOfFeatures.length} numbers are not ${rows} rows of ${spec.inputs} features`,
      );
    const all = new Float32Array(rows * outputs);
    for (let row = 0; row < rows; row += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, rows - row);
      features.set(rowsOfFeatures.subarray(row * spec.inputs, (row + count) * spec.inputs));
      bound.run({ rows: count, firstRow: row, step: 0, seed: 0, subtrees: [] });
      all.set(result.subarray(0, count * outputs), row * outputs);
    }
    return all;
  };
}
