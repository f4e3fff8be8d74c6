// Streamed rows with an encoding that was learnt before.
import type { Encoding } from "../encode/encoding.js";
import { InputError } from "../table/input-error.js";
import type { DatasetStream } from "./stream.js";
import { encodedColumns } from "./stream-form.js";
import { datasetStream } from "./stream-remote.js";
import { surveyStream } from "./stream-schema.js";
import type { TableSource } from "./stream-source.js";

/** Options of encodeStream. */
export interface EncodeStreamOptions {
  /** How many rows there are; needed when the source can be read once only. Default: they are counted. */
  readonly rows?: number | undefined;
  /** Types of columns of CSV, TSV and JSON lines. */
  readonly types?: Readonly<Record<string, "number" | "text">> | undefined;
}

/**
 * The rows of a streamed source as data to train on, all of them, with an encoding from fitEncoding, fitStream or a
 * model. A source that can be read once only gives one epoch.
 * Throws InputError when the number of rows is neither given nor can be found out.
 */
export async function encodeStream(
  source: TableSource,
  encoding: Encoding,
  { rows, types = {} }: EncodeStreamOptions = {},
): Promise<DatasetStream> {
  const held = new Int32Array(0);
  if (source.once) {
    if (rows === undefined)
      throw new InputError(
        `${source.name} can be read once only; say how many rows it has with { rows }`,
      );
    return datasetStream(source, { schema: null, encoding, held, rows });
  }
  const schema = await surveyStream(source, encodedColumns(encoding), types);
  return datasetStream(source, { schema, encoding, held, rows: rows ?? schema.rows });
}
