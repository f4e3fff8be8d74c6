// A specified network as a graph: its parameters and its layers' values.
import { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "../ops/activations.js";
import { add } from "../ops/arithmetic.js";
import { dropout } from "../ops/dropout.js";
import { gather, toIndex } from "../ops/gather.js";
import { matmul } from "../ops/matmul.js";
import { concat, slice } from "../ops/shape.js";
import { softmax } from "../ops/softmax.js";
import { initialValues, type Fans } from "../random.js";
import type { Shape } from "../shape.js";
import { formatShape, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { apply, type Op, type Value } from "../value.js";
import type {
  ActivationName,
  DenseSpec,
  EmbeddingSpec,
  EmbeddingTable,
  InitSpec,
  ModelSpec,
  OpSpec,
  Parameters,
} from "./spec.js";

/** One parameter of a model: its name, shape and start. */
export interface ParameterSpec extends Fans {
  readonly name: string;
  readonly shape: Shape; // weights [inputs, units], biases [units]
  readonly init: InitSpec;
  /** Whether L1, L2 and weight decay apply: weights yes, biases no. */
  readonly decays: boolean;
  /** Whether the last row begins as zeros: the vector of what is no category. */
  readonly zeroLastRow?: boolean;
}

const activations = {
  identity: (x: Value): Value => x,
  sigmoid,
  tanh,
  relu,
  leakyRelu: (x: Value): Value => leakyRelu(x),
  elu: (x: Value): Value => elu(x),
  gelu,
  silu,
  softplus,
  softmax,
} satisfies Record<ActivationName, (x: Value) => Value>;

/** The activations by name. */
export const activationNames: readonly ActivationName[] = Object.keys(
  activations,
) as ActivationName[];

/** Width of a row before each layer, and after the last. Throws RangeError naming the layer that does not fit. */
function widths(spec: ModelSpec): number[] {
  const all = [positive("model", "inputs", spec.inputs)];
  spec.layers.forEach((layer, i) => {
    const inputs = all.at(-1) ?? 0;
    if (layer.type === "embedding") {
      all.push(embeddedWidth(layer, i, inputs));
      return;
    }
    if (layer.type === "dropout") {
      all.push(inputs);
      return;
    }
    const units = positive(`layer${i}`, "units", layer.units);
    if (layer.type === "dense" && layer.tiedTo !== undefined) {
      const tied = spec.layers[layer.tiedTo];
      if (layer.tiedTo >= i || tied?.type !== "dense" || tied.tiedTo !== undefined)
        throw new RangeError(
          `layer${i}: tiedTo ${layer.tiedTo} is not an earlier dense layer with weights of its own`,
        );
      if (inputs !== tied.units || units !== all[layer.tiedTo])
        throw new RangeError(
          `layer${i}: [${inputs},${units}] is not the transpose of layer${layer.tiedTo} [${all[layer.tiedTo]},${tied.units}]`,
        );
    }
    all.push(units);
  });
  return all;
}

function embeddedWidth({ tables }: EmbeddingSpec, i: number, inputs: number): number {
  if (i > 0) throw new RangeError(`layer${i}: an embedding is the first layer of a model`);
  if (tables.length > inputs)
    throw new RangeError(`layer${i}: ${tables.length} embeddings of ${inputs} inputs`);
  for (const { size } of tables) positive(`layer${i}`, "size", size);
  return tables.reduce(
    (sum, { width }) => sum + positive(`layer${i}`, "width", width),
    inputs - tables.length,
  );
}

function positive(place: string, name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`${place}: ${name} ${value} is not a whole number from 1`);
  return value;
}

/** Numbers that a row gives. */
export function outputWidth(spec: ModelSpec): number {
  return widths(spec).at(-1) ?? 0;
}

/** The parameters of a model, in the order in which they are stored. */
export function parameterSpecs(spec: ModelSpec): ParameterSpec[] {
  const width = widths(spec);
  return spec.layers.flatMap((layer, i): ParameterSpec[] => {
    if (layer.type === "embedding")
      // A vector is about as long as a standardised number.
      return layer.tables.map((table, j) => ({
        name: `layer${i}.table${j}`,
        shape: [table.size, table.width],
        init: { name: "normal", sd: 1 / Math.sqrt(table.width) },
        decays: true,
        zeroLastRow: true,
        fanIn: table.size,
        fanOut: table.width,
      }));
    if (layer.type !== "dense") return [];
    const fans = { fanIn: width[i] ?? 0, fanOut: layer.units };
    const weight: ParameterSpec = {
      name: `layer${i}.weight`,
      shape: [fans.fanIn, fans.fanOut],
      init: layer.weightInit,
      decays: true,
      ...fans,
    };
    const bias: ParameterSpec = {
      name: `layer${i}.bias`,
      shape: [fans.fanOut],
      init: layer.biasInit,
      decays: false,
      ...fans,
    };
    return [...(layer.tiedTo === undefined ? [weight] : []), ...(layer.bias ? [bias] : [])];
  });
}

/** The start values of every parameter, from the seed alone. */
export function initialize(spec: ModelSpec, seed: number): Parameters {
  return new Map(
    parameterSpecs(spec).map(({ name, shape, init, zeroLastRow = false, ...fans }, i) => {
      const values = initialValues(shape, init, fans, seed, i);
      if (zeroLastRow) values.data.fill(0, values.data.length - (shape[1] ?? 0));
      return [name, values];
    }),
  );
}

/** Throws RangeError naming the first parameter that is missing, unknown or of another shape. */
export function checkParameters(
  spec: ModelSpec,
  parameters: ReadonlyMap<string, Pick<Tensor, "shape">>,
): void {
  const specs = parameterSpecs(spec);
  for (const { name, shape } of specs) {
    const found = parameters.get(name);
    if (found === undefined)
      throw new RangeError(`parameters: ${name} ${formatShape(shape)} is missing`);
    if (!sameShape(found.shape, shape))
      throw new RangeError(
        `parameters: ${name} is ${formatShape(found.shape)}, the model has ${formatShape(shape)}`,
      );
  }
  for (const name of parameters.keys())
    if (!specs.some((spec) => spec.name === name))
      throw new RangeError(`parameters: the model has no ${name}`);
}

/** One layer's values: z = a·W + b before and a = σ(z) after the activation. */
export interface LayerValues {
  readonly z: Value;
  readonly a: Value;
}

/** How a model is made into a graph. */
export interface ForwardOptions {
  /** True keeps dropout layers. Default false. */
  readonly training?: boolean | undefined;
  /** Ops of the user's own, by name, for the layers that name one. */
  readonly ops?: ReadonlyMap<string, Op> | undefined;
}

/**
 * The values of every layer for rows x [rows, inputs]. The last one's `a` is the model's output.
 * @param parameters the parameters' values by name
 */
export function forward(
  spec: ModelSpec,
  parameters: ReadonlyMap<string, Value>,
  x: Value,
  { training = false, ops }: ForwardOptions = {},
): LayerValues[] {
  const parameter = (name: string): Value => {
    const value = parameters.get(name);
    if (value === undefined) throw new RangeError(`forward: the parameter ${name} is missing`);
    return value;
  };
  const affine = (layer: DenseSpec, i: number, a: Value): Value => {
    const tied = layer.tiedTo !== undefined;
    const product = matmul(a, parameter(`layer${tied ? layer.tiedTo : i}.weight`), {
      transposeB: tied,
    });
    return layer.bias ? add(product, parameter(`layer${i}.bias`)) : product;
  };
  let a = x;
  return spec.layers.map((layer, i) => {
    const before = a;
    switch (layer.type) {
      case "embedding":
        a = embedded(before, layer.tables, (j) => parameter(`layer${i}.table${j}`));
        return { z: a, a };
      case "dense": {
        const z = affine(layer, i, before);
        a = activations[layer.activation](z);
        return { z, a };
      }
      case "dropout":
        a = training ? dropout(before, layer.rate, i + 1) : before;
        return { z: a, a };
      case "op":
        a = applyNamed(layer, i, before, ops);
        return { z: before, a };
    }
  });
}

/** The vectors of the categories in the first columns of x [rows, inputs], and the other columns. */
function embedded(x: Value, tables: readonly EmbeddingTable[], table: (j: number) => Value): Value {
  const inputs = x.shape[1] ?? 0;
  const vectors = tables.map((_, j) => gather(table(j), toIndex(x, j)));
  const rest = inputs > tables.length ? [slice(x, 1, tables.length, inputs)] : [];
  return concat([...vectors, ...rest], 1);
}

/** Whether a model has layers whose ops the user must name: their names. */
export function customOpNames(spec: ModelSpec): string[] {
  return [...new Set(spec.layers.flatMap((layer) => (layer.type === "op" ? [layer.name] : [])))];
}

function applyNamed(layer: OpSpec, i: number, x: Value, ops: ForwardOptions["ops"]): Value {
  const op = ops?.get(layer.name);
  if (op === undefined)
    throw new RangeError(
      `layer${i}: the op ${layer.name} is not here; name the module that exports it`,
    );
  const y = apply(op, [x], layer.attrs);
  const expected = [...x.shape.slice(0, 1), layer.units];
  if (!sameShape(y.shape, expected))
    throw new RangeError(
      `layer${i}: the op ${layer.name} gives ${formatShape(y.shape)}, the layer says ${formatShape(expected)}`,
    );
  return y;
}

/** The model's output for rows x: [rows, outputs]. */
export function outputOf(
  spec: ModelSpec,
  parameters: ReadonlyMap<string, Value>,
  x: Value,
  options: ForwardOptions = {},
): Value {
  return forward(spec, parameters, x, options).at(-1)?.a ?? x;
}
