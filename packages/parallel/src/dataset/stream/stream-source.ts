// Where streamed tables come from: files, or what a program has.
import { tableFiles } from "../read/read.js";
import { fileChunks, type ChunkOptions, type TableChunk } from "../read/table-chunks.js";

/**
 * A source of rows that need not fit into memory.
 * @typeParam Name the names of its columns, where they are known to the compiler
 */
export interface TableSource<Name extends string = string> {
  /** For messages. */
  readonly name: string;
  /** True when it can be read once only. */
  readonly once: boolean;
  /** Its rows from the first, or from about row `from`, in order. Iterating throws what keeps them from being read. */
  chunks(options: ChunkOptions): AsyncIterable<TableChunk>;
  /** Its files, when it is files: another thread can read them, too. */
  readonly files?: readonly CountedFile[] | undefined;
  /** The columns are known by these names; nothing is stored here. */
  readonly columns?: readonly Name[] | undefined;
}

/** A file, and its rows once they were counted. */
export interface CountedFile {
  readonly path: string;
  rows: number | null;
}

/**
 * The rows of a file, or of all files that a pattern such as `part-*.csv` names, to be streamed: CSV, TSV, JSON lines,
 * Parquet, Arrow. Throws InputError when there is no such file.
 */
export async function streamFiles(path: string): Promise<TableSource> {
  const files = await tableFiles(path);
  return sourceOfFiles(
    path,
    files.map((file) => ({ path: file, rows: null })),
  );
}

/** The same of files that were found before. */
export function sourceOfFiles(name: string, files: readonly CountedFile[]): TableSource {
  return { name, once: false, files, chunks: (options) => chunksOfFiles(files, options) };
}

async function* chunksOfFiles(
  files: readonly CountedFile[],
  options: ChunkOptions,
): AsyncGenerator<TableChunk> {
  let before = 0;
  for (const file of files) {
    if (file.rows !== null && before + file.rows <= options.from) {
      before += file.rows;
      continue;
    }
    let end = 0;
    const from = Math.max(0, options.from - before);
    for await (const { table, first } of fileChunks(file.path, { ...options, from })) {
      end = first + table.rows;
      yield { table, first: before + first };
    }
    file.rows ??= end;
    before += end;
  }
}
