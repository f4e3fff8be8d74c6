// Compares an exported model with the model itself, on rows of a table.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  cellsOf,
  columnOf,
  type Encoding,
  onnxInputs,
  type Predictions,
  type Table,
  type TrainedModel,
} from "@shardgrad/parallel";

/** How far the exported model's predictions are from the model's own. */
export interface Comparison {
  readonly rows: number;
  readonly otherLabels: number; // rows with another label
  /** The largest difference of a probability, or of a number in units of the target's standard deviation. */
  readonly largest: number;
}

/** What an exported model says: labels with probabilities [rows, classes], or numbers [rows]. */
interface Answers {
  readonly labels: readonly string[];
  readonly numbers: ArrayLike<number>;
}

/** As much of onnxruntime-node as is used; it is an optional peer. */
interface OnnxRuntime {
  readonly Tensor: new (type: string, data: unknown, shape: readonly number[]) => object;
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<OnnxSession>;
  };
}

interface OnnxSession {
  readonly outputNames: readonly string[];
  run(inputs: object): Promise<Readonly<Record<string, { readonly data: unknown }>>>;
  release(): Promise<void>;
}

/** onnxruntime-node, as installed beside this command or in the working directory's project; null when it is not. */
function onnxRuntime(): OnnxRuntime | null {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), "index.js")).href])
    try {
      return createRequire(from)("onnxruntime-node") as OnnxRuntime; // its documented interface
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND"))
        throw error;
    }
  return null;
}

/** Compares an ONNX file; null when onnxruntime-node is not installed. */
export async function compareOnnx(
  model: TrainedModel,
  encoding: Encoding,
  bytes: Uint8Array,
  table: Table,
): Promise<Comparison | null> {
  const runtime = onnxRuntime();
  if (runtime === null) return null;
  const session = await runtime.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  try {
    const inputs = Object.entries(onnxInputs(encoding, table)).map(
      ([name, { type, data, shape }]) => [name, new runtime.Tensor(type, data, shape)] as const,
    );
    const outputs = await session.run(Object.fromEntries(inputs));
    // exportOnnx declares the labels before the probabilities.
    const data = session.outputNames.map((name) => outputs[name]?.data);
    return compare(model, encoding, table, {
      labels: encoding.target.kind === "class" ? (data[0] as readonly string[]) : [],
      numbers: data.at(-1) as ArrayLike<number>,
    });
  } finally {
    await session.release();
  }
}

/** Compares a JavaScript module. */
export async function compareJs(
  model: TrainedModel,
  encoding: Encoding,
  code: string,
  table: Table,
): Promise<Comparison> {
  const module = (await import(
    `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`
  )) as { readonly predict: (row: object) => unknown; readonly classes?: readonly string[] };
  const answers = records(encoding, table).map((row) => module.predict(row));
  if (encoding.target.kind === "number")
    return compare(model, encoding, table, { labels: [], numbers: answers as readonly number[] });
  const classes = answers as readonly {
    readonly label: string;
    readonly probabilities: Readonly<Record<string, number>>;
  }[];
  return compare(model, encoding, table, {
    labels: classes.map(({ label }) => label),
    numbers: classes.flatMap(({ probabilities }) =>
      (module.classes ?? []).map((name) => probabilities[name] ?? Number.NaN),
    ),
  });
}

/** The rows of a table as objects of the columns that a model needs. */
function records({ features }: Encoding, table: Table): object[] {
  const cells = features.map((feature) => {
    const column = columnOf(table, feature.column);
    if (column.kind !== "vector") return [column.name, cellsOf(table, column)] as const;
    const { width, values } = column;
    const rows = Array.from({ length: table.rows }, (_, row) =>
      values.subarray(row * width, (row + 1) * width),
    );
    return [column.name, rows] as const;
  });
  return Array.from({ length: table.rows }, (_, row) =>
    Object.fromEntries(cells.map(([name, values]) => [name, values[row]])),
  );
}

function compare(
  model: TrainedModel,
  { target }: Encoding,
  table: Table,
  { labels, numbers }: Answers,
): Comparison {
  const own = model.predict(table) as Predictions; // the model has an encoding
  const expected = own.kind === "class" ? own.probabilities : own.values;
  const unit = target.kind === "number" ? target.sd : 1;
  let largest = 0;
  expected.forEach((value, i) => {
    const difference = Math.abs(value - (numbers[i] ?? Number.NaN)) / unit;
    if (!(difference <= largest)) largest = difference; // also when it is NaN
  });
  const otherLabels =
    own.kind === "class" ? own.labels.filter((label, row) => label !== labels[row]).length : 0;
  return { rows: table.rows, otherLabels, largest };
}
