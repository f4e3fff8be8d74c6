// The rows that a streamed run holds out, as a table.
import { concatenate } from "../table/concatenate.js";
import type { StreamOptions } from "./fit-stream.js";
import { conform, surveyStream, typesOfSchema } from "./stream-schema.js";
import type { TableSource } from "./stream-source.js";
import { drawHeld, listedIn } from "./stream-split.js";
import { selectRows, type Table } from "../table/table.js";

/**
 * The validation rows that fitStream holds out with these options, or the test rows if there are none; null without
 * either. Throws InputError when the source cannot be read.
 */
export async function heldOutOfStream(
  source: TableSource,
  {
    validation = 0,
    test = 0,
    seed = 0,
    types = {},
  }: Pick<StreamOptions, "validation" | "test" | "seed" | "types">,
): Promise<Table | null> {
  if (validation === 0 && test === 0) return null;
  const schema = await surveyStream(source, null, types);
  const held = drawHeld(schema.rows, { validation, test }, seed);
  const rows = validation === 0 ? held.test : held.validation;
  const found: Table[] = [];
  for await (const { table, first } of source.chunks({
    types: typesOfSchema(schema),
    columns: null,
    from: 0,
  })) {
    const own = listedIn(first, table.rows, rows);
    if (own.length > 0) found.push(selectRows(conform(table, schema.columns), own));
  }
  return concatenate(source.name, found);
}
