// Prints the table that a query gives, or the message of what was thrown. Runs where DuckDB is found.
import { readSql } from "../../../packages/parallel/dist/index.js";

const plain = (/** @type {string} */ _, /** @type {unknown} */ value) =>
  ArrayBuffer.isView(value) ? Array.from(/** @type {Float64Array} */ (value)) : value;
try {
  console.log(JSON.stringify(await readSql(process.argv[2] ?? ""), plain));
} catch (error) {
  console.log(JSON.stringify({ name: error.name, message: error.message }));
}
