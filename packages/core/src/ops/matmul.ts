// The matrix product with transposes, the only op whose speed decides.
import { elements, formatShape, hasRows, ROWS, type Shape } from "../shape.js";
import { apply, type Op, type Value, type ValueLike } from "../value.js";

export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const matrix = (shape: Shape, transposed: boolean): readonly [number, number] => {
  const [a, b] = shape;
  if (shape.length !== 2 || a === undefined || b === undefined)
    throw new RangeError(`matmul: ${formatShape(shape)} is not a matrix; reshape it first`);
  return transposed ? [b, a] : [a, b];
};

const named = (size: number): string => (size === ROWS ? "rows" : String(size));

export const matmulOp: Op<MatmulAttrs> = {
  name: "matmul",
  shape: ([a = [], b = []], { transposeA, transposeB }) => {
    const [m, k] = matrix(a, transposeA);
    const [inner, n] = matrix(b, transposeB);
    if (k !== inner)
      throw new RangeError(
        `matmul: ${formatShape(a)}${transposeA ? "ᵀ" : ""} · ${formatShape(b)}${transposeB ? "ᵀ" : ""}: inner sizes ${named(k)} and ${named(inner)} differ; did you forget to transpose?`,
      );
    if (n === ROWS)
      throw new RangeError(
        `matmul: the rows of ${formatShape(b)} would become columns; put the batch first`,
      );
    return [m, n];
  },
  lower: (kernels, out, [a, b], { transposeA, transposeB }) => {
    const aShape = a?.shape ?? [];
    const bShape = b?.shape ?? [];
    const [m, k] = matrix(aShape, transposeA);
    const [, n] = matrix(bShape, transposeB);
    const aWidth = elements(aShape.slice(1));
    const bWidth = elements(bShape.slice(1));
    const [aRow, aColumn] = transposeA ? [1, aWidth] : [aWidth, 1];
    const [bRow, bColumn] = transposeB ? [1, bWidth] : [bWidth, 1];
    const aAt = a?.address ?? 0;
    const bAt = b?.address ?? 0;
    return (work) =>
      kernels.gemm(
        m === ROWS ? work.rows : m,
        n,
        k,
        aAt,
        aRow,
        aColumn,
        bAt,
        bRow,
        bColumn,
        out.address,
        kernels.scratch,
      );
  },
  // C = Aᵀ·B over the rows of the batch: the reduction tree runs inside the product.
  lowerRows: (kernels, out, [a, b], { transposeA, transposeB }) => {
    const m = elements(a?.shape ?? []);
    const n = elements(b?.shape ?? []);
    if (!transposeA || transposeB || !hasRows(b?.shape ?? []))
      throw new RangeError("matmul: only Aᵀ·B sums over the rows of a batch");
    return ({ firstRow, program }, offset) =>
      kernels.gemmTree(
        program,
        m,
        n,
        (a?.address ?? 0) + firstRow * m * kernels.bytes,
        (b?.address ?? 0) + firstRow * n * kernels.bytes,
        out.address + offset,
        kernels.scratch,
      );
  },
  // C = A·B  ⇒  dA += dC·Bᵀ, dB += Aᵀ·dC; transposed inputs get the transpose of that
  vjp: [
    (dC, [, b], _, { transposeA, transposeB }) =>
      transposeA
        ? matmul(b as Value, dC, { transposeA: transposeB, transposeB: true })
        : matmul(dC, b as Value, { transposeB: !transposeB }),
    (dC, [a], _, { transposeA, transposeB }) =>
      transposeB
        ? matmul(dC, a as Value, { transposeA: true, transposeB: transposeA })
        : matmul(a as Value, dC, { transposeA: !transposeA }),
  ],
};

/** A·B for A [m, k] and B [k, n]; a flag uses the transpose of that input. Throws RangeError when inner sizes differ. */
export function matmul(
  a: ValueLike,
  b: ValueLike,
  { transposeA = false, transposeB = false }: Partial<MatmulAttrs> = {},
): Value {
  return apply(matmulOp, [a, b], { transposeA, transposeB });
}
