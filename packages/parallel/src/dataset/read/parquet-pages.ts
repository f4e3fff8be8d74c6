// Looks at the pages of a Parquet column before a library reads them: it believes every length in them.
//
// A page's header says how many values it has, and runs of equal values in it say how long they are. Either can claim
// billions in a few bytes, which would take minutes to write and all memory to hold. The format:
// https://github.com/apache/parquet-format (Thrift's compact protocol; RLE and bit-packed hybrid).
import type { ColumnMetaData, Compressors, SchemaElement } from "hyparquet";

/** How the levels and values of a column are stored. */
export interface ColumnForm {
  readonly codec: ColumnMetaData["codec"];
  readonly boolean: boolean;
  /** Bits of a repetition and of a definition level; 0: there are none. */
  readonly repetitionBits: number;
  readonly definitionBits: number;
}

/** Values of all pages of one column in one row group, at most. */
const MOST_VALUES = 2 ** 31;

/** The form of a column whose schema elements, from the root's child to the leaf, are `path`. */
export function columnForm(
  { codec, type }: ColumnMetaData,
  path: readonly SchemaElement[],
): ColumnForm {
  const repeated = path.filter(({ repetition_type: kind }) => kind === "REPEATED").length;
  const optional = path.filter(({ repetition_type: kind }) => kind !== "REQUIRED").length;
  return {
    codec,
    boolean: type === "BOOLEAN",
    repetitionBits: bitsOf(repeated),
    definitionBits: bitsOf(optional),
  };
}

const bitsOf = (level: number): number => 32 - Math.clz32(level);

/**
 * Throws RangeError when a page of a column, whose bytes in one row group these are, claims what cannot be.
 * @param most values that the column has in the group
 */
export function checkPages(
  bytes: Uint8Array,
  most: number,
  form: ColumnForm,
  unpack: Compressors,
): void {
  const reader = new Reader(bytes);
  let values = 0;
  while (reader.left > 1) {
    const header = reader.struct();
    const [kind, unpacked, packed] = [header.number(1), header.number(2), header.number(3)];
    if (!(packed >= 0 && packed <= reader.left && unpacked >= 0))
      throw new RangeError(`a page of ${packed} bytes where ${reader.left} are left`);
    const page = reader.take(packed);
    if (kind === DICTIONARY) continue; // plain values, which end where the bytes end
    // Without lists the library stops at the last value, whatever is behind it.
    if (form.repetitionBits === 0 && values >= most) return;
    const inPage = header.get(kind === DATA ? 5 : 8)?.number(1) ?? 0;
    if (!(inPage >= 0 && inPage <= Math.min(most, MOST_VALUES)))
      throw new RangeError(`a page of ${inPage} values in a column of ${most}`);
    if (kind === DATA) {
      const whole = new Reader(unpackPage(page, unpacked, form, unpack));
      checkLevels(whole, inPage, form.repetitionBits);
      checkLevels(whole, inPage, form.definitionBits);
      checkValues(whole, inPage, header.get(5)?.number(2) ?? 0, form);
    } else if (kind === DATA_V2) {
      const v2 = header.get(8);
      const [definitions, repetitions] = [v2?.number(5) ?? 0, v2?.number(6) ?? 0];
      if (!(definitions >= 0 && repetitions >= 0 && definitions + repetitions <= packed))
        throw new RangeError(`levels of ${definitions + repetitions} bytes in a page of ${packed}`);
      const levels = new Reader(page);
      checkRuns(new Reader(levels.take(repetitions)), inPage, form.repetitionBits);
      checkRuns(new Reader(levels.take(definitions)), inPage, form.definitionBits);
      const rest = page.subarray(repetitions + definitions);
      const isPacked = v2?.number(7) !== 0;
      const size = unpacked - repetitions - definitions;
      const content = isPacked ? unpackPage(rest, size, form, unpack) : rest;
      checkValues(new Reader(content), inPage, v2?.number(4) ?? 0, form);
    }
    if (kind === DATA || kind === DATA_V2) values += inPage;
  }
}

const DATA = 0;
const DICTIONARY = 2;
const DATA_V2 = 3;

/** Encodings of values that are runs. */
const PLAIN_DICTIONARY = 2;
const RLE = 3;
const RLE_DICTIONARY = 8;
/** Encodings whose texts are made of parts of those before them. */
const DELTA_BYTE_ARRAY = 7;

function unpackPage(
  packed: Uint8Array,
  size: number,
  { codec }: ColumnForm,
  unpack: Compressors,
): Uint8Array {
  if (codec === "UNCOMPRESSED") return packed;
  if (size < 0) throw new RangeError(`a page that unpacks to ${size} bytes`);
  const unpacker = unpack[codec];
  if (unpacker === undefined) throw new RangeError(`the codec ${codec} is not known`);
  return unpacker(packed, size);
}

/** Levels of a data page of the first version: their bytes, then runs. */
function checkLevels(reader: Reader, most: number, bits: number): void {
  if (bits === 0) return;
  const length = reader.u32();
  if (length > reader.left) throw new RangeError(`levels of ${length} bytes in a shorter page`);
  checkRuns(new Reader(reader.take(length)), most, bits);
}

function checkValues(reader: Reader, most: number, encoding: number, form: ColumnForm): void {
  if (encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY) {
    if (reader.left > 0) checkRuns(reader, most, form.boolean ? 1 : reader.byte());
  } else if (encoding === RLE && form.boolean && reader.left >= 4) {
    reader.u32();
    checkRuns(reader, most, 1);
  } else if (encoding === DELTA_BYTE_ARRAY) checkShared(reader, most);
}

/** No run of equal values may be longer than the page; runs of packed bits end where the bytes end, if they have bits. */
function checkRuns(reader: Reader, most: number, bits: number): void {
  for (let seen = 0; seen < most && reader.left > 0;) {
    const header = reader.varint();
    const count = header % 2 === 1 ? ((header - 1) / 2) * 8 : header / 2;
    if (header % 2 === 1 && bits > 0) {
      reader.take(Math.min(reader.left, Math.ceil((count * bits) / 8)));
    } else {
      if (count > most + 7) throw new RangeError(`a run of ${count} values in a page of ${most}`);
      if (header % 2 === 0) reader.take(Math.min(reader.left, Math.ceil(bits / 8)));
    }
    seen += count;
  }
}

/** What texts share with those before them may not make more of a page than tables do. */
function checkShared(reader: Reader, most: number): void {
  const prefixes = reader.deltas(most);
  const suffixes = reader.deltas(most);
  let [total, before] = [0, 0];
  prefixes.forEach((prefix, i) => {
    const suffix = suffixes[i] ?? 0;
    if (prefix < 0 || suffix < 0 || prefix > before)
      throw new RangeError(`a text that shares ${prefix} bytes with one of ${before}`);
    before = prefix + suffix;
    total += before;
  });
  if (total > Math.max(FREE_BYTES, SHARED_RATIO * reader.size))
    throw new RangeError(`texts of ${total} bytes in a page of ${reader.size}`);
}

const FREE_BYTES = 2 ** 26;
const SHARED_RATIO = 100;

/** Reads bytes; beyond the end a RangeError is thrown. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError("it ends inside a page");
    return value;
  }

  u32(): number {
    return this.byte() + 2 ** 8 * this.byte() + 2 ** 16 * this.byte() + 2 ** 24 * this.byte();
  }

  take(count: number): Uint8Array {
    if (count > this.left) throw new RangeError("it ends inside a page");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** A whole number below 2³², as the library reads it: what is beyond is lost. */
  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  zigzag(): number {
    const value = this.varint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** The first of `count` numbers that are stored as differences in blocks. */
  deltas(count: number): number[] {
    const [blockSize, parts] = [this.varint(), this.varint()];
    this.varint(); // how many there are
    const values = [this.zigzag()];
    const each = blockSize / parts;
    if (!Number.isInteger(each) || parts > this.left)
      throw new RangeError(`blocks of ${blockSize} values in ${parts} parts`);
    for (let value = values[0] ?? 0; values.length < count;) {
      const least = this.zigzag();
      for (const bits of this.take(parts)) {
        if (values.length >= count) break;
        const part = this.take(Math.min(this.left, Math.ceil((each * bits) / 8)));
        for (let i = 0; i < each && values.length < count; i += 1) {
          value = (value + least + bitsAt(part, i * bits, bits)) | 0;
          values.push(value);
        }
      }
    }
    return values;
  }

  /** A struct of Thrift's compact protocol: its numbers and the structs in it; the rest is skipped. */
  struct(depth = 0): Fields {
    if (depth > 8) throw new RangeError("a page's header is nested too deeply");
    const fields = new Fields();
    for (let id = 0; ;) {
      const byte = this.byte();
      const type = byte & 15;
      if (type === 0) return fields;
      id = byte >> 4 === 0 ? this.zigzag() : id + (byte >> 4);
      fields.set(id, this.#element(type, depth));
    }
  }

  #element(type: number, depth: number): number | Fields {
    switch (type) {
      case 1:
        return 1;
      case 2:
        return 0;
      case 3:
        return this.byte();
      case 4:
      case 5:
      case 6:
        return this.zigzag();
      case 7:
        this.take(8);
        return 0;
      case 8:
        this.take(this.varint());
        return 0;
      case 9: {
        const head = this.byte();
        const size = head >> 4 === 15 ? this.varint() : head >> 4;
        if (size > this.left) throw new RangeError("a list in a page's header is too long");
        const element = (head & 15) === 2 ? 3 : head & 15 || 3;
        for (let i = 0; i < size; i += 1) this.#element(element === 1 ? 3 : element, depth + 1);
        return 0;
      }
      case 12:
        return this.struct(depth + 1);
      default:
        throw new RangeError(`a page's header has a field of type ${type}`);
    }
  }
}

function bitsAt(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let i = 0; i < Math.min(count, 32); i += 1) {
    const at = from + i;
    value |= (((bytes[at >> 3] ?? 0) >> (at & 7)) & 1) << i;
  }
  return value;
}

/** The fields of a struct. */
class Fields {
  readonly #fields = new Map<number, number | Fields>();

  set(id: number, value: number | Fields): void {
    this.#fields.set(id, value);
  }

  /** A number that must be there, −1 when it is not. */
  number(id: number): number {
    const value = this.#fields.get(id);
    return typeof value === "number" ? value : -1;
  }

  get(id: number): Fields | undefined {
    const value = this.#fields.get(id);
    return value instanceof Fields ? value : undefined;
  }
}
