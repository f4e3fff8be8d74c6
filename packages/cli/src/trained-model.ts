// A trained model and a table that it is applied to, as evaluate and predict need them.
import {
  columnTypes,
  type TrainedModel,
  type CustomOps,
  loadModel,
  loadOps,
  type Table,
  allRows,
} from "@shardgrad/parallel";
import { readListedRows } from "./training-data.js";
import { checkPlace, readPlace } from "./table-source.js";
import { UsageError } from "./usage-error.js";

/** A model that reads tables. */
export interface OpenedModel {
  readonly model: TrainedModel;
  readonly ops: CustomOps;
  readonly encoding: NonNullable<TrainedModel["encoding"]>;
}

/** What the two places of the command line name. */
export interface ModelAndTable extends OpenedModel {
  readonly table: Table;
  readonly rows: Int32Array;
}

/** What the command line says of a model and a table. */
interface Places {
  readonly ops?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly data?: string | undefined;
  readonly sql?: string | undefined;
  readonly rows?: string | undefined;
}

/** Reads the model. Throws UsageError when it or its table is not named or it knows no columns. */
export async function openModel({
  model: path,
  data,
  sql,
  ops: modules = [],
}: Places): Promise<OpenedModel> {
  if (path === undefined)
    throw new UsageError("MODEL: no model; give a run folder or a .safetensors file, then a table");
  checkPlace({ data, sql }, "DATA: no table after the model");
  const ops = await loadOps(modules);
  const model = await loadModel(path, { ops });
  const { encoding } = model;
  if (encoding === null)
    throw new UsageError(
      `${path}: the model was saved without its preprocessing and cannot read tables; use it from a program`,
    );
  return { model, ops, encoding };
}

/** Reads the table, and the model unless it is open. Throws UsageError like openModel. */
export async function openModelAndTable(
  places: Places,
  opened?: OpenedModel,
): Promise<ModelAndTable> {
  const { model, ops, encoding } = opened ?? (await openModel(places));
  const { rows } = places;
  const table = await readPlace(places, { types: columnTypes(encoding) });
  return {
    model,
    ops,
    encoding,
    table,
    rows: rows === undefined ? allRows(table) : await readListedRows(rows, table.rows),
  };
}
