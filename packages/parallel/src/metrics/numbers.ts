// Scores of predicted numbers over a whole set: sums in row order in f64, so the same for any number of workers.

/** Scores in the target's own unit; e is prediction − target t. */
export interface NumberReport {
  readonly rmse: number; // √(mean e²)
  readonly mae: number; // mean |e|
  readonly r2: number; // 1 − Σe²/Σ(t − mean t)²; for equal targets 1 when all are met exactly, else 0
  /** The mean of |e|/|t| over the rows whose target is not 0; null when there are none. */
  readonly mape: number | null;
}

/** Scores predictions [rows] against targets [rows]. Throws RangeError when they do not fit or there are none. */
export function numberMetrics(predictions: Float64Array, targets: Float64Array): NumberReport {
  const rows = targets.length;
  if (rows === 0) throw new RangeError("numberMetrics: there are no rows to score");
  if (predictions.length !== rows)
    throw new RangeError(`numberMetrics: ${predictions.length} predictions for ${rows} targets`);
  let sum = 0;
  for (const target of targets) sum += target;
  const mean = sum / rows;
  let [squares, distances, variation, parts, counted] = [0, 0, 0, 0, 0];
  targets.forEach((target, row) => {
    const error = (predictions[row] ?? Number.NaN) - target;
    squares += error * error;
    distances += Math.abs(error);
    variation += (target - mean) * (target - mean);
    if (target !== 0) {
      parts += Math.abs(error) / Math.abs(target);
      counted += 1;
    }
  });
  const isConstant = targets.every((target) => target === targets[0]);
  return {
    rmse: Math.sqrt(squares / rows),
    mae: distances / rows,
    r2: isConstant ? (squares === 0 ? 1 : 0) : 1 - squares / variation,
    mape: counted === 0 ? null : parts / counted,
  };
}

/**
 * Scores of several targets together: the unweighted means of R² and MAPE; RMSE and MAE in standard deviations of each
 * target, as units differ: rmse = √(mean (rmseⱼ/sdⱼ)²), mae = mean maeⱼ/sdⱼ. MAPE is null when one of the targets has none.
 * @param sds the targets' standard deviations, as the model has them
 */
export function overallNumbers(
  reports: readonly NumberReport[],
  sds: readonly number[],
): NumberReport {
  if (reports.length === 0 || reports.length !== sds.length)
    throw new RangeError(
      `overallNumbers: ${reports.length} reports and ${sds.length} standard deviations`,
    );
  const mean = (of: (report: NumberReport, sd: number) => number): number =>
    reports.reduce((sum, report, j) => sum + of(report, sds[j] ?? 1), 0) / reports.length;
  return {
    rmse: Math.sqrt(mean(({ rmse }, sd) => (rmse / sd) * (rmse / sd))),
    mae: mean(({ mae }, sd) => mae / sd),
    r2: mean(({ r2 }) => r2),
    mape: reports.some(({ mape }) => mape === null) ? null : mean(({ mape }) => mape ?? 0),
  };
}
