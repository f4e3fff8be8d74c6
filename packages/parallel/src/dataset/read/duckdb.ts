// DuckDB, an optional peer that is found beside this package or in the working directory's project.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { errorCode, InputError } from "../table/input-error.js";

/** As much of @duckdb/node-api as is used. */
export interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string, options: Readonly<Record<string, string>>): Promise<DuckDbInstance>;
  };
  /** Names of types by their numbers. */
  readonly DuckDBTypeId: Readonly<Record<number, string>>;
  readonly StatementType: { readonly SELECT: number };
}

interface DuckDbInstance {
  connect(): Promise<DuckDbConnection>;
  closeSync(): void;
}

interface DuckDbConnection {
  extractStatements(sql: string): Promise<DuckDbStatements>;
  closeSync(): void;
}

interface DuckDbStatements {
  readonly count: number;
  prepare(index: number): Promise<DuckDbPrepared>;
}

interface DuckDbPrepared {
  readonly statementType: number;
  stream(): Promise<DuckDbResult>;
}

/** A result whose rows come in chunks; the last one is null or has no rows. */
export interface DuckDbResult {
  columnNames(): readonly string[];
  columnTypes(): readonly DuckDbType[];
  fetchChunk(): Promise<DuckDbChunk | null>;
}

/** The type of a column; of lists also that of their values. */
export interface DuckDbType {
  readonly typeId: number;
  readonly valueType?: DuckDbType | undefined;
  toString(): string;
}

interface DuckDbChunk {
  readonly rowCount: number;
  getColumnVector(column: number): { getItem(row: number): unknown };
}

/** Loads DuckDB. Throws InputError that says how to install it. */
export function loadDuckDb(): DuckDb {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), "index.js")).href])
    try {
      return createRequire(from)("@duckdb/node-api") as DuckDb; // its documented interface
    } catch (error) {
      if (errorCode(error) !== "MODULE_NOT_FOUND") throw error;
    }
  throw new InputError("--sql: DuckDB is not installed; npm install @duckdb/node-api");
}
