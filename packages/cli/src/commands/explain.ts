// shardgrad explain: every value and gradient of a formula, or of a trained network at one row, gate by gate.
import { explain, toNested, type Explanation, type Tensor } from "@shardgrad/core";
import {
  denseFeatures,
  encode,
  targetColumns,
  writeFileAtomic,
  type Dataset,
  type Encoding,
} from "@shardgrad/parallel";
import { describe, type DescribedNode } from "../explain/describe.js";
import { featureNames } from "../explain/feature-names.js";
import { parseFormula } from "../explain/formula.js";
import { formulaCircuit, type Circuit } from "../explain/gates.js";
import { isSmall, networkCircuit } from "../explain/network.js";
import { targetTensor } from "../explain/rows.js";
import { formatExplanation } from "../explain/text.js";
import { explainOptions, type ExplainSettings } from "../options/teach.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { openModelAndTable } from "../trained-model.js";
import { UsageError } from "../usage-error.js";
import type { CommandResult } from "./run.js";

/** What to explain, under a title, with lines about it. */
interface Subject {
  readonly circuit: Circuit;
  readonly title: string;
  readonly notes: readonly string[];
}

/** Prints the explanation as text or JSON, and draws it into a file when asked to. */
export async function explainGraph(flags: RawFlags): Promise<CommandResult> {
  const { settings, given } = resolveSettings(explainOptions, flags, process.env, null);
  const { formula, data, out, json, digits } = settings;
  if (formula === undefined)
    throw new UsageError(
      "FORMULA: nothing to explain; give a formula such as '(x+y)*z' with --at x=-2,y=5,z=-4",
    );
  if (out !== undefined && !/\.(html|svg)$/.test(out))
    throw new UsageError(`--out ${out}: give a name that ends in .html or .svg`);
  if (data !== undefined && given.has("at"))
    throw new UsageError(
      `${given.get("at")} and ${given.get("data")}: a formula has a point, a model has a table; give one of them`,
    );
  if (data === undefined && given.has("row"))
    throw new UsageError(`${given.get("row")}: needs a model and --data`);
  const { circuit, title, notes } =
    data === undefined
      ? formulaSubject(formula, settings)
      : await networkSubject(formula, data, settings);
  const explanation = explain(circuit.output, circuit.feeds);
  const nodes = describe(explanation, circuit.names, digits);
  if (out !== undefined) await writeFileAtomic(out, await picture(out, nodes, title, notes));
  if (json) process.stdout.write(`${JSON.stringify(asJson(title, nodes, explanation))}\n`);
  else
    process.stdout.write(
      [
        title,
        ...notes,
        "",
        formatExplanation(nodes),
        ...(out === undefined ? [] : ["", `wrote ${out}`]),
        "",
      ].join("\n"),
    );
  return 0;
}

function formulaSubject(formula: string, { at = {} }: ExplainSettings): Subject {
  const circuit = formulaCircuit(parseFormula(formula), new Map(Object.entries(at)));
  return { circuit, title: formula.trim(), notes: [] };
}

async function networkSubject(
  path: string,
  data: string,
  { row, ops: modules }: ExplainSettings,
): Promise<Subject> {
  const { model, ops, encoding, table } = await openModelAndTable({
    model: path,
    data,
    ops: modules,
  });
  if (row >= table.rows)
    throw new UsageError(
      `--row ${row}: ${data} has ${table.rows} rows; the last is ${table.rows - 1}`,
    );
  const dataset = encode(encoding, table, Int32Array.of(row));
  const { spec, parameters, loss } = model;
  const small = isSmall({ spec, parameters });
  const circuit = networkCircuit({
    spec,
    parameters,
    loss,
    x: denseFeatures(dataset),
    target: targetTensor(dataset),
    ops: ops.ops,
  });
  const inputs = featureNames(encoding).map((name, j) => `x${j + 1} = ${name}`);
  return {
    circuit,
    title: `${path}: the loss of row ${row} of ${data}`,
    notes: [
      targetNote(encoding, dataset),
      small
        ? `inputs: ${inputs.join(", ")}`
        : "Of arrays with more than 4 numbers, the shape and the length ‖·‖ are shown.",
    ],
  };
}

function targetNote({ target: encoding }: Encoding, { target }: Dataset): string {
  if (encoding.kind === "class" && target?.kind === "class") {
    const label = target.labels[0] ?? 0;
    return `target: ${encoding.column} is ${encoding.classes[label]}, class ${label}`;
  }
  if (encoding.kind === "labels" && target?.kind === "labels") {
    const own = encoding.labels.filter((_, j) => target.values[j] === 1);
    return `target: ${own.length === 0 ? "no label" : own.join(", ")}, of ${encoding.labels.join(", ")}`;
  }
  return `target: ${targetColumns(encoding).join(", ")}, standardised`;
}

async function picture(
  out: string,
  nodes: readonly DescribedNode[],
  title: string,
  notes: readonly string[],
): Promise<string> {
  // The layout library is loaded for pictures only.
  if (out.endsWith(".svg")) return (await import("../explain/svg.js")).formatSvg(nodes, title);
  return (await import("../explain/html.js")).formatPage(nodes, title, notes);
}

/** The numbers in full, with nodes by name. */
function asJson(
  title: string,
  described: readonly DescribedNode[],
  { nodes }: Explanation,
): object {
  const number = (value: Tensor | null | undefined): unknown => (value ? toNested(value) : null);
  return {
    title,
    nodes: described.map(({ index, name, kind, formula, pattern, edges }) => {
      const node = nodes[index];
      return {
        name,
        kind,
        ...(kind === "gate" && { formula, pattern }),
        value: number(node?.result),
        gradient: number(node?.gradient),
        ...(kind === "gate" && {
          inputs: edges.map((edge) => {
            const flow = node?.inputs[edge.input];
            return {
              to: edge.name,
              local: flow?.local ?? null,
              downstream: number(flow?.downstream),
            };
          }),
        }),
      };
    }),
  };
}
