// shardgrad gradcheck: compares a network's gradients with central differences, parameter by parameter.
import {
  checkGradients,
  constant,
  div,
  elements,
  formatShape,
  initialize,
  lossesPerRow,
  outputOf,
  outputWidth,
  rowLoss,
  sum,
  tensor,
  type GradientCheck,
  type LossSpec,
  type ModelSpec,
  type Op,
  type Parameters,
  type Value,
} from "@shardgrad/core";
import {
  allRows,
  denseFeatures,
  encode,
  isStream,
  type Dataset,
  type DatasetStream,
} from "@shardgrad/parallel";
import { firstRows, targetTensor } from "../explain/rows.js";
import { gradcheckOptions, type GradcheckSettings } from "../options/teach.js";
import { TABLE } from "../options/values.js";
import { columns } from "../report/format.js";
import { type RawFlags, resolveSettings } from "../settings.js";
import { openModelAndTable } from "../trained-model.js";
import { planTraining } from "../training-plan.js";
import { UsageError } from "../usage-error.js";
import type { CommandResult } from "./run.js";

/** A network at some weights, with rows to check it on. */
interface Subject {
  readonly spec: ModelSpec;
  readonly parameters: Parameters;
  readonly loss: LossSpec;
  readonly data: Dataset;
  /** Ops of the user's own, by name. */
  readonly ops: ReadonlyMap<string, Op>;
}

/** Numbers of a parameter up to which each is checked. */
const EACH = 1024;

/**
 * Steps of the differences. relu and its kin have kinks, and a difference across one is no derivative: a right rule
 * agrees once the step is short enough, a wrong one at no step.
 */
const WIDTHS = [1 / 4096, 1 / 65536, 1 / 1048576];

/** Prints the comparison, the worst parameter first; the code is 1 when one is off by more than the tolerance. */
export async function gradcheck(flags: RawFlags): Promise<CommandResult> {
  const { settings } = resolveSettings(gradcheckOptions, flags, process.env, null);
  const { json, tolerance } = settings;
  const subject = await open(settings);
  const rows = checkParameters(subject, settings);
  const isRight = ({ check }: Checked): boolean => check.worstRelative.relativeError <= tolerance;
  const failed = rows.filter((row) => !isRight(row));
  if (json) {
    const parameters = rows.map(({ name, shape, check: { compared, worstRelative } }) => ({
      name,
      shape,
      compared,
      ...worstRelative,
    }));
    process.stdout.write(
      `${JSON.stringify({ passed: failed.length === 0, tolerance, rows: subject.data.rows, parameters })}\n`,
    );
  } else
    process.stdout.write(
      `${formatTable(rows, isRight)}\n\n${verdict(rows, failed, settings, subject)}\n`,
    );
  return failed.length === 0 ? 0 : 1;
}

/** The network and rows that the command line names. */
async function open({ model, data, limit, ops: modules }: GradcheckSettings): Promise<Subject> {
  if (model === undefined)
    throw new UsageError(
      "MODEL: nothing to check; give a run folder, a model file or a configuration file",
    );
  if (/\.(ya?ml|json)$/.test(model)) {
    const given: [string, string][] = [
      ["config", model],
      ...(data === undefined ? [] : [["data", data] satisfies [string, string]]),
      ...(modules === undefined ? [] : [["ops", modules.join(",")] satisfies [string, string]]),
    ];
    const plan = await planTraining(new Map(given));
    const { model: spec, loss } = plan.options;
    return {
      spec,
      parameters: initialize(spec, plan.settings.seed),
      loss,
      data: firstRows(await firstChunk(plan.data.train), limit),
      ops: plan.options.ops.ops,
    };
  }
  if (model !== undefined && data === undefined)
    throw new UsageError(`DATA: no table after the model; give ${TABLE}`);
  const {
    model: trained,
    ops,
    encoding,
    table,
  } = await openModelAndTable({ model, data, ops: modules });
  const { spec, parameters, loss } = trained;
  const rows = encode(encoding, table, allRows(table).slice(0, limit));
  return { spec, parameters, loss, data: rows, ops: ops.ops };
}

/** The data, or the first of them when they are streamed. */
async function firstChunk(data: Dataset | DatasetStream): Promise<Dataset> {
  if (!isStream(data)) return data;
  for await (const chunk of data.chunks(0)) return chunk;
  return data.form;
}

/** A parameter and how its gradient compares. */
interface Checked {
  readonly name: string;
  readonly shape: readonly number[];
  readonly check: GradientCheck;
}

/** Every parameter checked, the worst first. */
function checkParameters(
  { spec, parameters, loss, data, ops }: Subject,
  { directions, tolerance }: GradcheckSettings,
): Checked[] {
  const names = [...parameters.keys()];
  const at = [...parameters.values()];
  const x = tensor(denseFeatures(data), [data.rows, spec.inputs]);
  const y = targetTensor(data);
  const divisor = loss.reduction === "mean" ? data.rows * lossesPerRow(loss, outputWidth(spec)) : 1;
  const cost = (...values: Value[]): Value => {
    const leaves = new Map(values.map((value, i): [string, Value] => [names[i] ?? "", value]));
    return div(
      sum(rowLoss(loss, outputOf(spec, leaves, constant(x), { ops }), constant(y))),
      divisor,
    );
  };
  const checkOne = (argument: number, shape: readonly number[]): GradientCheck => {
    const along = elements(shape) > EACH ? { directions } : {};
    let best: GradientCheck | undefined;
    for (const width of WIDTHS) {
      const [check] = checkGradients(cost, at, { argument, width, ...along });
      if (check === undefined) continue;
      if (
        best === undefined ||
        !(best.worstRelative.relativeError <= check.worstRelative.relativeError)
      )
        best = check;
      if (best.worstRelative.relativeError <= tolerance) break;
    }
    if (best === undefined)
      throw new RangeError(`gradcheck: ${names[argument]} could not be compared`);
    return best;
  };
  // NaN compares with nothing: it counts as the largest error.
  const error = ({ check }: Checked): number => {
    const { relativeError } = check.worstRelative;
    return Number.isNaN(relativeError) ? Number.MAX_VALUE : relativeError;
  };
  return at
    .map(({ shape }, i): Checked => ({ name: names[i] ?? "", shape, check: checkOne(i, shape) }))
    .sort((a, b) => error(b) - error(a));
}

function formatTable(rows: readonly Checked[], isRight: (row: Checked) => boolean): string {
  const lines = rows.map((row) => {
    const {
      name,
      shape,
      check: { compared, worstRelative },
    } = row;
    const { at, gradient, difference, relativeError } = worstRelative;
    const along = compared < elements(shape);
    return [
      isRight(row) ? "ok" : "FAILED",
      name,
      formatShape(shape),
      along ? `${compared} directions` : `${compared} numbers`,
      relativeError.toExponential(1),
      along ? `direction ${at[0]}` : `[${at.join(",")}]`,
      gradient.toPrecision(9),
      difference.toPrecision(9),
    ];
  });
  const head = [
    "",
    "parameter",
    "shape",
    "compared",
    "worst error",
    "at",
    "gradient",
    "difference",
  ];
  return columns([head, ...lines], [false, false, false, true, true, true, true, true]);
}

function verdict(
  rows: readonly Checked[],
  failed: readonly Checked[],
  { tolerance }: GradcheckSettings,
  { data }: Subject,
): string {
  const on = `on ${data.rows} rows, in f64, without dropout`;
  if (failed.length === 0)
    return `ok: ${rows.length} parameters agree with central differences to ${tolerance} ${on}`;
  return `FAILED: ${failed.length} of ${rows.length} parameters differ from central differences by more than ${tolerance} ${on}`;
}
