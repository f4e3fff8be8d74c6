// Where the rows of a command come from: a table that a path names, or a query.
import { readSql, readTable, type ReadOptions, type Table } from "@shardgrad/parallel";
import { TABLE } from "./options/values.js";
import { UsageError } from "./usage-error.js";

/** What the command line says of it. */
export interface TablePlace {
  readonly data?: string | undefined;
  readonly sql?: string | undefined;
}

/** Throws UsageError unless there is a table or a query, and one of them alone. */
export function checkPlace({ data, sql }: TablePlace, missing = "DATA: no table"): void {
  if (data !== undefined && sql !== undefined)
    throw new UsageError(`${data} and --sql: give a table or a query, not both`);
  if (data === undefined && sql === undefined)
    throw new UsageError(`${missing}; give ${TABLE}, or --sql`);
}

/** Reads the table or the result of the query. */
export async function readPlace(
  place: TablePlace,
  options: ReadOptions,
  missing?: string,
): Promise<Table> {
  checkPlace(place, missing);
  return place.sql === undefined ? readTable(place.data ?? "", options) : readSql(place.sql);
}
