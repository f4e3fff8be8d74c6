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
  targetColumns,
  type TargetEncoding,
  type TrainedModel,
} from "@shardgrad/parallel";

/** How far the exported model's predictions are from the model's own. */
export interface Comparison {
  readonly rows: number;
  readonly otherLabels: number; // rows with another label or other labels
  /** The largest difference of a probability, or of a number in units of the target's standard deviation. */
  readonly largest: number;
}

/** What an exported model says: labels with probabilities [rows, classes], or numbers [rows, targets]. */
interface Answers {
  readonly labels: readonly string[]; // of a row; several as a JSON list; none for numbers
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
    // exportOnnx declares the labels before the probabilities, and numbers in the order of their columns.
    const data = session.outputNames.map((name) => outputs[name]?.data);
    return compare(model, encoding, table, onnxAnswers(encoding.target, data));
  } finally {
    await session.release();
  }
}

function onnxAnswers(target: TargetEncoding, data: readonly unknown[]): Answers {
  if (target.kind === "class")
    return { labels: data[0] as readonly string[], numbers: data[1] as Float32Array };
  const numbers = data as readonly Float64Array[];
  if (target.kind === "number")
    return {
      labels: [],
      numbers: Array.from(
        { length: (numbers[0]?.length ?? 0) * numbers.length },
        (_, i) => numbers[i % numbers.length]?.[Math.floor(i / numbers.length)] ?? Number.NaN,
      ),
    };
  const flags = data[0] as BigInt64Array;
  const width = target.labels.length;
  const labels = Array.from({ length: flags.length / width }, (_, row) =>
    JSON.stringify(target.labels.filter((_name, j) => flags[row * width + j] === 1n)),
  );
  return { labels, numbers: data[1] as Float32Array };
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
  )) as { readonly predict: (row: object) => unknown };
  const answers = records(encoding, table).map((row) => module.predict(row));
  return compare(model, encoding, table, jsAnswers(encoding.target, answers));
}

function jsAnswers(target: TargetEncoding, answers: readonly unknown[]): Answers {
  type Named = Readonly<Record<string, number>>;
  const numbersOf = (named: Named, names: readonly string[]): number[] =>
    names.map((name) => named[name] ?? Number.NaN);
  switch (target.kind) {
    case "number": {
      const names = targetColumns(target);
      const isOne = names.length === 1;
      const numbers = answers.flatMap((answer) =>
        isOne ? (answer as number) : numbersOf(answer as Named, names),
      );
      return { labels: [], numbers };
    }
    case "class": {
      const rows = answers as readonly { readonly label: string; readonly probabilities: Named }[];
      return {
        labels: rows.map(({ label }) => label),
        numbers: rows.flatMap(({ probabilities }) => numbersOf(probabilities, target.classes)),
      };
    }
    case "labels": {
      const rows = answers as readonly {
        readonly labels: readonly string[];
        readonly probabilities: Named;
      }[];
      return {
        labels: rows.map(({ labels }) => JSON.stringify(labels)),
        numbers: rows.flatMap(({ probabilities }) => numbersOf(probabilities, target.labels)),
      };
    }
  }
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
  const expected = own.kind === "number" ? own.values : own.probabilities;
  const units = target.kind === "number" ? target.columns.map(({ sd }) => sd) : [1];
  let largest = 0;
  expected.forEach((value, i) => {
    const unit = units[i % units.length] ?? 1;
    const difference = Math.abs(value - (numbers[i] ?? Number.NaN)) / unit;
    if (!(difference <= largest)) largest = difference; // also when it is NaN
  });
  const expectedLabels =
    own.kind === "number"
      ? []
      : own.labels.map((label) => (typeof label === "string" ? label : JSON.stringify(label)));
  const otherLabels = expectedLabels.filter((label, row) => label !== labels[row]).length;
  return { rows: table.rows, otherLabels, largest };
}
