// Weights alone, in safetensors: written for other programs, and read to begin a training with.
import {
  encodeSafetensors,
  formatShape,
  parameterSpecs,
  type ModelSpec,
  type Parameters,
  type Tensor,
} from "@shardgrad/core";
import { InputError } from "../dataset/table/input-error.js";
import { listed } from "../dataset/table/table.js";
import { readTensors } from "./tensor-file.js";

/** The bytes of a safetensors file of the parameters alone: F32 by name, in their shapes, without metadata. */
export function encodeWeights(parameters: Parameters): Uint8Array {
  return encodeSafetensors(parameters);
}

/**
 * The parameters of a model from a safetensors file, such as one of encodeWeights or of a whole model.
 * Throws InputError that names every tensor that is missing, superfluous, of another shape or not of finite floats.
 */
export async function loadWeights(path: string, spec: ModelSpec): Promise<Parameters> {
  const { tensors } = await readTensors(path);
  const specs = parameterSpecs(spec);
  const wrong: string[] = [];
  const parameters = new Map<string, Tensor>();
  for (const { name, shape } of specs) {
    const found = tensors.get(name);
    const problem = problemOf(found, shape);
    if (found === undefined || problem !== null) wrong.push(`${name} ${problem ?? ""}`);
    else parameters.set(name, { shape, data: Float32Array.from(found.data) });
  }
  const known = new Set(specs.map(({ name }) => name));
  const others = [...tensors.keys()].filter((name) => !known.has(name));
  if (others.length > 0) wrong.push(`the model has no ${listed(others)}`);
  if (wrong.length === 0) return parameters;
  throw new InputError(
    `${path}: these are not the weights of this model: ${wrong.join("; ")}; give the layers that the weights were trained with`,
  );
}

/** What is wrong with a tensor, or null. */
function problemOf(found: Tensor | undefined, shape: readonly number[]): string | null {
  if (found === undefined) return `${formatShape(shape)} is missing`;
  if (formatShape(found.shape) !== formatShape(shape))
    return `is ${formatShape(found.shape)}, not ${formatShape(shape)}`;
  if (found.data instanceof Int32Array) return "holds whole numbers, not floats";
  return found.data.every((value) => Number.isFinite(Math.fround(value)))
    ? null
    : "holds numbers that are not finite";
}
