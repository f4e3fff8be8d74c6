// The jobs that speed is measured on: four sizes of network, the same in every measurement.

/** A network and its batch: dense layers with relu between, softmax cross-entropy, plain SGD, f32. */
export interface BenchJob {
  readonly name: string;
  /** Units from the inputs to the classes. */
  readonly layers: readonly number[];
  readonly batch: number;
  /** Rows of the data, which are gathered in a new order each epoch. */
  readonly rows: number;
}

export const benchJobs: readonly BenchJob[] = [
  { name: "tiny", layers: [30, 64, 32, 2], batch: 32, rows: 4096 },
  { name: "small", layers: [784, 128, 10], batch: 64, rows: 4096 },
  { name: "medium", layers: [784, 512, 512, 10], batch: 128, rows: 2048 },
  { name: "large", layers: [1024, 2048, 2048, 1000], batch: 512, rows: 512 },
];

/** Weights of each layer, without biases. */
function weightsOf({ layers }: Pick<BenchJob, "layers">): number[] {
  return layers.slice(1).map((outputs, i) => (layers[i] ?? 0) * outputs);
}

/**
 * Useful floating-point operations that training spends on one row: 2·W forward and 2·W for dW in every layer, and 2·W for
 * dX in all but the first: 4·ΣW + 2·(ΣW − W₁).
 */
export function flopsPerRow(job: Pick<BenchJob, "layers">): number {
  const weights = weightsOf(job);
  const all = weights.reduce((sum, count) => sum + count, 0);
  return 4 * all + 2 * (all - (weights[0] ?? 0));
}

/** Numbers in θ, biases included. */
export function parametersOf({ layers }: Pick<BenchJob, "layers">): number {
  const biases = layers.slice(1).reduce((sum, outputs) => sum + outputs, 0);
  return weightsOf({ layers }).reduce((sum, count) => sum + count, biases);
}
