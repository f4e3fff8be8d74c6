// A trained model and a table that it is applied to, as evaluate and predict need them.
import {
  columnTypes,
  type TrainedModel,
  type CustomOps,
  loadModel,
  loadOps,
  readTable,
  type Table,
  allRows,
} from "@shardgrad/parallel";
import { readListedRows } from "./training-data.js";
import { TABLE } from "./options/values.js";
import { UsageError } from "./usage-error.js";

/** What the two places of the command line name. */
export interface ModelAndTable {
  readonly model: TrainedModel;
  readonly ops: CustomOps;
  readonly encoding: NonNullable<TrainedModel["encoding"]>;
  readonly table: Table;
  readonly rows: Int32Array;
}

/** Reads both. Throws UsageError when one is not named or the model knows no columns. */
export async function openModelAndTable({
  model: modelPath,
  data,
  rows,
  ops: modules = [],
}: {
  readonly ops?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly data?: string | undefined;
  readonly rows?: string | undefined;
}): Promise<ModelAndTable> {
  if (modelPath === undefined)
    throw new UsageError("MODEL: no model; give a run folder or a .safetensors file, then a table");
  if (data === undefined)
    throw new UsageError(`DATA: no table after the model; give ${TABLE}`);
  const ops = await loadOps(modules);
  const model = await loadModel(modelPath, { ops });
  const { encoding } = model;
  if (encoding === null || encoding === undefined)
    throw new UsageError(
      `${modelPath}: the model was saved without its preprocessing and cannot read tables; use it from a program`,
    );
  const table = await readTable(data, { types: columnTypes(encoding) });
  return {
    model,
    ops,
    encoding,
    table,
    rows: rows === undefined ? allRows(table) : await readListedRows(rows, table.rows),
  };
}
