// ONNX models: a graph that is built node by node, and its bytes.
import {
  attributeTypes,
  elementTypes,
  ONNX_IR_VERSION,
  ONNX_ML_OPSET,
  ONNX_OPSET,
  schema,
} from "./onnx-schema.js";

/** What an element of a tensor is. */
export type OnnxElement = keyof typeof elementTypes;

/** An attribute of a node. */
export type OnnxAttribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] };

/** The attributes of a node by name. */
export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Sizes of a tensor; a name stands for a size that is only known when the model runs. */
export type OnnxShape = readonly (number | string)[];

/** A fixed tensor: numbers in the element's type, or texts. */
interface Initializer {
  readonly name: string;
  readonly element: OnnxElement;
  readonly shape: readonly number[];
  readonly data: readonly number[] | ArrayLike<number> | readonly string[];
}

interface Port {
  readonly name: string;
  readonly element: OnnxElement;
  readonly shape: OnnxShape;
  readonly doc: string;
}

interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: OnnxAttributes;
  readonly domain: string;
}

/** A graph under construction. Tensors are known by their names; the graph makes those of its inner tensors. */
export class OnnxGraph {
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];
  readonly #nodes: Node[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #names = new Set<string>();
  readonly #reserved = new Set<string>();

  /** Keeps names for inputs that are declared later, so that no inner tensor takes them. */
  reserve(names: readonly string[]): void {
    for (const name of names) this.#reserved.add(name);
  }

  /** Declares an input and answers its name. A second declaration must be the same: it is the same input. */
  input(name: string, element: OnnxElement, shape: OnnxShape, doc = ""): string {
    const known = this.#inputs.find((input) => input.name === name);
    if (known !== undefined) {
      if (known.element !== element || known.shape.join() !== shape.join())
        throw new RangeError(
          `onnx: the input ${JSON.stringify(name)} is ${known.element}[${known.shape.join()}] and ${element}[${shape.join()}]; it can be one of them`,
        );
      return name;
    }
    if (this.#names.has(name))
      throw new RangeError(`onnx: the name ${JSON.stringify(name)} is taken; reserve it first`);
    this.#names.add(name);
    this.#inputs.push({ name, element, shape, doc });
    return name;
  }

  /** Adds a fixed tensor and answers its name, which begins with `hint`. */
  constant(
    hint: string,
    element: OnnxElement,
    shape: readonly number[],
    data: ArrayLike<number> | readonly string[],
  ): string {
    const name = this.#unused(hint);
    this.#initializers.push({ name, element, shape, data });
    return name;
  }

  /** Adds an operator with one output and answers the output's name. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: OnnxAttributes = {},
    domain = "",
  ): string {
    const output = this.#unused(op.charAt(0).toLowerCase() + op.slice(1));
    this.#nodes.push({ op, inputs, output, attributes, domain });
    return output;
  }

  /** Adds a conversion to another type of element and answers the output's name. */
  cast(from: string, element: Exclude<OnnxElement, "string">): string {
    return this.node("Cast", [from], { to: { int: elementTypes[element] } });
  }

  /** Makes a tensor an output of the model and answers its name: `hint`, unless an input is called so. */
  output(hint: string, from: string, element: OnnxElement, shape: OnnxShape, doc = ""): string {
    const name = this.#unused(hint);
    this.#nodes.push({ op: "Identity", inputs: [from], output: name, attributes: {}, domain: "" });
    this.#outputs.push({ name, element, shape, doc });
    return name;
  }

  /**
   * The file's content, in a form that protobufjs encodes.
   * @param metadata anything that should stay with the model, as text
   */
  message(name: string, doc: string, metadata: Readonly<Record<string, string>>): object {
    return {
      irVersion: ONNX_IR_VERSION,
      producerName: "shardgrad",
      opsetImport: [
        { domain: "", version: ONNX_OPSET },
        { domain: "ai.onnx.ml", version: ONNX_ML_OPSET },
      ],
      graph: {
        name,
        docString: doc,
        input: this.#inputs.map(portMessage),
        output: this.#outputs.map(portMessage),
        initializer: this.#initializers.map(tensorMessage),
        node: this.#nodes.map(({ op, inputs, output, attributes, domain }) => ({
          name: output,
          opType: op,
          input: inputs,
          output: [output],
          attribute: Object.entries(attributes).map(attributeMessage),
          ...(domain === "" ? {} : { domain }),
        })),
      },
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    };
  }

  #unused(hint: string): string {
    let name = hint;
    for (let i = 1; this.#names.has(name) || this.#reserved.has(name); i += 1)
      name = `${hint}_${i}`;
    this.#names.add(name);
    return name;
  }
}

/** The bytes of an ONNX file; the same graph gives the same bytes. */
export async function encodeOnnx(
  graph: OnnxGraph,
  name: string,
  doc = "",
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const { Root } = await import("protobufjs/light.js"); // only exports need it
  const type = Root.fromJSON(schema).lookupType("ModelProto");
  return type.encode(type.fromObject(graph.message(name, doc, metadata))).finish();
}

function portMessage({ name, element, shape, doc }: Port): object {
  const dim = shape.map((size) =>
    typeof size === "string" ? { dimParam: size } : { dimValue: size },
  );
  return {
    name,
    type: { tensorType: { elemType: elementTypes[element], shape: { dim } } },
    ...(doc === "" ? {} : { docString: doc }),
  };
}

function attributeMessage([name, attribute]: readonly [string, OnnxAttribute]): object {
  if ("float" in attribute) return { name, type: attributeTypes.float, f: attribute.float };
  if ("int" in attribute) return { name, type: attributeTypes.int, i: attribute.int };
  if ("ints" in attribute) return { name, type: attributeTypes.ints, ints: attribute.ints };
  if ("floats" in attribute) return { name, type: attributeTypes.floats, floats: attribute.floats };
  return {
    name,
    type: attributeTypes.strings,
    strings: attribute.strings.map((text) => utf8.encode(text)),
  };
}

const utf8 = new TextEncoder();

function tensorMessage({ name, element, shape, data }: Initializer): object {
  const head = { name, dims: shape, dataType: elementTypes[element] };
  const values = Array.from<number | string>(data);
  if (element === "string")
    return { ...head, stringData: values.map((text) => utf8.encode(String(text))) };
  return { ...head, rawData: littleEndian(element, values.map(Number)) };
}

/** Numbers as the format stores them, whatever the byte order here. */
function littleEndian(
  element: Exclude<OnnxElement, "string">,
  values: readonly number[],
): Uint8Array {
  const size = { float: 4, double: 8, int64: 8, uint8: 1, bool: 1 }[element];
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    const at = i * size;
    if (element === "float") view.setFloat32(at, value, true);
    else if (element === "double") view.setFloat64(at, value, true);
    else if (element === "int64") view.setBigInt64(at, BigInt(value), true);
    else view.setUint8(at, value);
  });
  return bytes;
}
