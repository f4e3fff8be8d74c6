// What the tests of the lecture notes share: random nets and rows, and a net in plain loops beside which the graph is held.
import {
  dense,
  evaluate,
  gradients,
  input,
  sequential,
  tensor,
  toNested,
  type ActivationName,
  type ModelSpec,
  type Parameters,
  type Tensor,
  type Value,
} from "@shardgrad/core";
import { expect } from "vitest";

export type Vector = readonly number[];
export type Matrix = readonly Vector[];

/** Numbers in [−1, 1) from a linear congruential generator (Knuth's MMIX constants, high bits). */
export function randomNumbers(seed: number): () => number {
  let state = BigInt(seed) * 2n + 1n;
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 11n) / 2 ** 52 - 1;
  };
}

/** A matrix of such numbers. */
export function randomMatrix(next: () => number, rows: number, columns: number): Matrix {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, next));
}

/** A net of layers with these units and activations, every layer with a bias unless told otherwise. */
export function net(
  inputs: number,
  layers: readonly (readonly [units: number, activation: ActivationName])[],
  bias = true,
): ModelSpec {
  return sequential(
    inputs,
    layers.map(([units, activation]) => dense(units, { activation, bias })),
  );
}

/** A layer of the naive net. */
export interface NaiveLayer {
  readonly W: Matrix; // [inputs, units]
  readonly b: Vector; // [units]
}

/** Random weights in f64: the parameters of the model, and the same numbers for the loops. */
export function randomParameters(
  spec: ModelSpec,
  seed: number,
): { readonly parameters: Parameters; readonly naive: readonly NaiveLayer[] } {
  const next = randomNumbers(seed);
  const parameters = new Map<string, Tensor>();
  let inputs = spec.inputs;
  const naive = spec.layers.map((layer, i): NaiveLayer => {
    if (layer.type !== "dense") throw new Error("only dense layers are expected here");
    const W = randomMatrix(next, inputs, layer.units);
    const b = Array.from({ length: layer.units }, () => (layer.bias ? next() : 0));
    parameters.set(`layer${i}.weight`, tensor(W));
    if (layer.bias) parameters.set(`layer${i}.bias`, tensor(b));
    inputs = layer.units;
    return { W, b };
  });
  return { parameters, naive };
}

export const sigma = (z: number): number => 1 / (1 + Math.exp(-z));
export const sigmaPrime = (z: number): number => sigma(z) * (1 - sigma(z));

export const product = (A: Matrix, B: Matrix): Matrix =>
  A.map((row) => (B[0] ?? []).map((_, j) => row.reduce((sum, a, k) => sum + a * B[k]![j]!, 0)));
export const transposed = (A: Matrix): Matrix =>
  (A[0] ?? []).map((_, j) => A.map((row) => row[j]!));
export const times = (A: Matrix, B: Matrix): Matrix =>
  A.map((row, i) => row.map((a, j) => a * B[i]![j]!));
export const minus = (A: Matrix, B: Matrix): Matrix =>
  A.map((row, i) => row.map((a, j) => a - B[i]![j]!));
export const mapped = (A: Matrix, f: (a: number) => number): Matrix => A.map((row) => row.map(f));

/** z = a·W + b of each row. */
export const affine = (a: Matrix, { W, b }: NaiveLayer): Matrix =>
  product(a, W).map((row) => row.map((z, j) => z + b[j]!));

/** A tensor with two axes as rows. */
export function rowsOf(value: Tensor): Matrix {
  expect(value.shape).toHaveLength(2);
  return toNested(value) as Matrix;
}

/** A tensor with one axis as a list. */
export function listOf(value: Tensor): Vector {
  expect(value.shape).toHaveLength(1);
  return toNested(value) as Vector;
}

/** Every number within `within` of its twin, relative to numbers above 1. */
export function expectClose(
  found: Tensor | Matrix | Vector | number,
  wanted: Matrix | Vector | number,
  within = 1e-10,
): void {
  const actual = flat(found);
  const expected = flat(wanted);
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    const twin = expected[i]!;
    expect(Math.abs(value - twin), `number ${i}: ${value} against ${twin}`).toBeLessThanOrEqual(
      within * Math.max(1, Math.abs(twin)),
    );
  });
}

function flat(value: Tensor | Matrix | Vector | number): number[] {
  if (typeof value === "number") return [value];
  return "data" in value ? [...value.data] : (value.flat(1) as number[]);
}

/** A function of single numbers: its value at a point, then its partial derivatives in order. */
export function at(
  f: (...x: Value[]) => Value,
  ...point: number[]
): { readonly value: number; readonly partial: Vector } {
  const x = point.map((_, i) => input([], `x${i}`));
  const y = f(...x);
  const partials = gradients(y, x);
  const feeds = new Map(x.map((leaf, i): [Value, Tensor] => [leaf, tensor(point[i]!)]));
  const found = evaluate([y, ...partials.filter((value) => value !== null)], feeds).map(
    ({ data }) => data[0]!,
  );
  let next = 1;
  return {
    value: found[0]!,
    partial: partials.map((value) => (value === null ? 0 : found[next++]!)),
  };
}
