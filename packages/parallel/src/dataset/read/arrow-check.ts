// Checks the metadata of Arrow IPC before the library reads them: it follows lengths without asking whether the file
// has as many bytes, so that a damaged one could fill the memory.
//
// The metadata are FlatBuffers: tables whose fields are found through a list of offsets, vectors led by their length.
// Sources: https://arrow.apache.org/docs/format/Columnar.html (messages, Message.fbs, Schema.fbs, File.fbs),
// https://flatbuffers.dev/internals/

/** What a field holds that has to be checked: bytes of an element of a vector, or a kind of table. */
type FieldCheck =
  | { readonly vectorOf: number }
  | { readonly table: TableKind }
  | { readonly tables: TableKind }
  | { readonly rows: "own" | "nodes" }; // numbers of rows: the field itself, or the first of every 16 bytes

type TableKind =
  | "message"
  | "schema"
  | "field"
  | "keyValue"
  | "recordBatch"
  | "dictionaryBatch"
  | "footer"
  | "type"
  | "encoding";

const text = { vectorOf: 1 } as const;
const metadata = { tables: "keyValue" } as const;

/** Fields by their number in the format's definition; those of fixed size need no check. */
const kinds: Readonly<Record<TableKind, Readonly<Record<number, FieldCheck>>>> = {
  message: { 4: metadata }, // and the header, by its type
  schema: { 1: { tables: "field" }, 2: metadata, 3: { vectorOf: 8 } },
  field: {
    0: text,
    3: { table: "type" },
    4: { table: "encoding" },
    5: { tables: "field" },
    6: metadata,
  },
  keyValue: { 0: text, 1: text },
  recordBatch: {
    0: { rows: "own" },
    1: { rows: "nodes" },
    2: { vectorOf: 16 },
    4: { vectorOf: 8 },
  },
  dictionaryBatch: { 1: { table: "recordBatch" } },
  footer: { 1: { table: "schema" }, 2: { vectorOf: 24 }, 3: { vectorOf: 24 }, 4: metadata },
  type: {},
  encoding: { 1: { table: "type" } },
};

const HEADER_TYPE = 1; // fields of a message
const HEADER = 2;
const BODY_LENGTH = 3;
const headers: Readonly<Record<number, TableKind>> = {
  1: "schema",
  2: "dictionaryBatch",
  3: "recordBatch",
};

/** The lists of a footer: blocks of (offset i64, length of the metadata i32, length of the body i64). */
const blocks: readonly (readonly [field: number, kind: TableKind])[] = [
  [2, "dictionaryBatch"],
  [3, "recordBatch"],
];

const DEEPEST = 64; // nested types; the library follows them by recursion
const CONTINUATION = 0xffffffff;
const FILE_START = 8; // the magic word and two bytes of padding
const FILE_END = 10; // the length of the footer and the magic word

/** Throws RangeError when a length or an offset in the metadata of a file or stream leads out of it. */
export function checkArrow(bytes: Uint8Array, isFile: boolean): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isFile) checkFooter(view);
  else for (let at = 0; at < view.byteLength;) at = checkMessage(view, at);
}

function checkFooter(view: DataView): void {
  const end = view.byteLength - FILE_END;
  const length = view.getInt32(end, true);
  if (length <= 0 || length > end - FILE_START) throw damaged(`a footer of ${length} bytes`);
  const check = new Check(view, end - length, end);
  const footer = check.root("footer");
  for (const [field, kind] of blocks)
    for (const block of check.elements(footer, field, 24)) {
      const offset = check.int64(block);
      if (offset < FILE_START || offset >= end) throw damaged(`a block at byte ${offset}`);
      checkMessage(view, offset, kind); // of another kind it would be read again and again
    }
}

/** Checks the message at a position, which may have to be of some kind, and gives the position after its body. */
function checkMessage(view: DataView, at: number, kind?: TableKind): number {
  if (at + 4 > view.byteLength)
    throw damaged(`${view.byteLength - at} bytes after the last message`);
  const isMarked = view.getUint32(at, true) === CONTINUATION;
  const start = at + (isMarked ? 8 : 4);
  if (start > view.byteLength) throw damaged("a message without its length");
  const length = view.getInt32(start - 4, true);
  if (length === 0) return view.byteLength; // the end of the stream
  if (length < 0 || start + length > view.byteLength)
    throw damaged(`a message of ${length} bytes at byte ${at}`);
  const check = new Check(view, start, start + length);
  const message = check.root("message");
  const header = headers[check.uint8(message, HEADER_TYPE)];
  if (kind !== undefined && header !== kind) throw damaged(`a ${kind} at byte ${at}`);
  if (header !== undefined) check.child(message, HEADER, header);
  const body = check.field(message, BODY_LENGTH);
  const next = start + length + (body === 0 ? 0 : check.int64(body));
  if (next > view.byteLength) throw damaged(`a body that ends at byte ${next}`);
  return next;
}

/** The tables between two positions of a file. */
class Check {
  readonly #view: DataView;
  readonly #start: number;
  readonly #end: number;
  #tables: number; // how many may still be visited: no more than the bytes can hold, however they refer to one another

  constructor(view: DataView, start: number, end: number) {
    this.#view = view;
    this.#start = start;
    this.#end = end;
    this.#tables = Math.ceil((end - start) / 4);
  }

  root(kind: TableKind): number {
    return this.#table(this.#start + this.#uint32(this.#start), kind, 0);
  }

  child(table: number, field: number, kind: TableKind): void {
    const at = this.field(table, field);
    if (at !== 0) this.#table(at + this.#uint32(at), kind, 0);
  }

  /** The position of a field, or 0 when the table leaves it out. */
  field(table: number, field: number): number {
    const list = table - this.#int32(table);
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#uint16(list)) return 0;
    const offset = this.#uint16(list + entry);
    return offset === 0 ? 0 : this.#inside(table + offset, 1);
  }

  /** The positions of the elements of a vector. */
  elements(table: number, field: number, size: number): number[] {
    const at = this.field(table, field);
    if (at === 0) return [];
    const vector = at + this.#uint32(at);
    const count = this.#uint32(vector);
    this.#inside(vector + 4, count * size);
    return Array.from({ length: count }, (_, i) => vector + 4 + i * size);
  }

  uint8(table: number, field: number): number {
    const at = this.field(table, field);
    return at === 0 ? 0 : this.#view.getUint8(at);
  }

  int64(at: number): number {
    const value = Number(this.#view.getBigInt64(this.#inside(at, 8), true));
    if (value < 0) throw damaged(`a length of ${value}`);
    return value;
  }

  #table(table: number, kind: TableKind, depth: number): number {
    this.#tables -= 1;
    if (depth > DEEPEST || this.#tables < 0) throw damaged(`${kind} nested too deeply`);
    const list = table - this.#int32(table);
    this.#inside(list, this.#uint16(list));
    for (const [key, check] of Object.entries(kinds[kind])) {
      const at = this.field(table, Number(key));
      if (at === 0) continue;
      if ("table" in check) this.#table(at + this.#uint32(at), check.table, depth + 1);
      if ("vectorOf" in check) this.elements(table, Number(key), check.vectorOf);
      if ("tables" in check)
        for (const element of this.elements(table, Number(key), 4))
          this.#table(element + this.#uint32(element), check.tables, depth + 1);
      if ("rows" in check)
        for (const rows of check.rows === "own" ? [at] : this.elements(table, Number(key), 16))
          this.#checkRows(this.int64(rows));
    }
    return table;
  }

  /** Even truth values take a bit each; a table of nothing but nulls may have some rows without any. */
  #checkRows(rows: number): void {
    if (rows > Math.max(8 * this.#view.byteLength, 1e6)) throw damaged(`a batch of ${rows} rows`);
  }

  #uint16(at: number): number {
    return this.#view.getUint16(this.#inside(at, 2), true);
  }

  #uint32(at: number): number {
    return this.#view.getUint32(this.#inside(at, 4), true);
  }

  #int32(at: number): number {
    return this.#view.getInt32(this.#inside(at, 4), true);
  }

  #inside(at: number, length: number): number {
    if (at < this.#start || at + length > this.#end)
      throw damaged(`metadata that refer to byte ${at}`);
    return at;
  }
}

function damaged(what: string): RangeError {
  return new RangeError(`${what}, which the file does not hold`);
}
