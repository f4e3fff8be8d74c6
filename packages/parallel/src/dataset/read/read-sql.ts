// Reads the result of a SQL query as a table, through DuckDB.
import { loadDuckDb, type DuckDb, type DuckDbResult } from "./duckdb.js";
import { InputError, shown } from "../table/input-error.js";
import { sqlColumn, type SqlColumn } from "./sql-column.js";
import type { Table } from "../table/table.js";

/** What messages call the result of a query. */
export const QUERY = "the query";

/**
 * The rows that a SELECT gives, columns as in Parquet files of the same types. Paths in the query are relative to the
 * working directory. It runs in one thread, so that the rows of the same files come in the same order. Throws InputError
 * when the query is not one SELECT or fails, when DuckDB is not installed, or naming the row and column of a value that
 * cannot be used.
 */
export async function readSql(query: string): Promise<Table> {
  const duckDb = loadDuckDb();
  const instance = await duckDb.DuckDBInstance.create(":memory:", { threads: "1" });
  try {
    const connection = await instance.connect();
    try {
      const statements = await connection.extractStatements(query);
      const statement = await statements.prepare(0);
      if (statements.count !== 1 || statement.statementType !== duckDb.StatementType.SELECT)
        throw new InputError("--sql: the query does something else; give one SELECT");
      return await tableOf(duckDb, await statement.stream());
    } finally {
      connection.closeSync();
    }
  } catch (error) {
    if (error instanceof InputError || !(error instanceof Error)) throw error;
    const [message = ""] = error.message.split(/\n\s*\n/, 1);
    throw new InputError(`--sql: ${message}`, { cause: error });
  } finally {
    instance.closeSync();
  }
}

async function tableOf(duckDb: DuckDb, result: DuckDbResult): Promise<Table> {
  const names = result.columnNames();
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(`--sql: two columns are named ${shown(twice)}; rename one with AS`);
  const columns = result
    .columnTypes()
    .map((type, i): SqlColumn => sqlColumn(duckDb, names[i] ?? "", type));
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    columns.forEach((column, i) => {
      const vector = chunk.getColumnVector(i);
      for (let row = 0; row < chunk.rowCount; row += 1)
        column.push(vector.getItem(row), rows + row + 1);
    });
    rows += chunk.rowCount;
  }
  if (rows === 0) throw new InputError("--sql: the query gives no rows");
  return {
    source: QUERY,
    rows,
    columns: columns.map((column) => column.build()),
    places: { noun: "row", first: 1, numbers: null },
    notes: [],
  };
}
