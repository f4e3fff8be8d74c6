// The safetensors file format: named tensors and text metadata, readable without running code.
//
// 8 bytes  length N of the header, little-endian u64
// N bytes  header: JSON { name: { dtype, shape, data_offsets: [begin, end] }, "__metadata__": { key: text } }
// rest     the tensors' bytes, little-endian, row-major; offsets count from here and leave no hole
// Source: https://github.com/huggingface/safetensors#format
import { formatShape, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { duplicateKey } from "./json-keys.js";

/** What a safetensors file holds. */
export interface SafetensorsContent {
  readonly tensors: Map<string, Tensor>; // in the order of their bytes
  readonly metadata: Readonly<Record<string, string>>;
}

/** The longest header that the format allows, in bytes. */
const HEADER_LIMIT = 100_000_000;
const METADATA = "__metadata__";

type Dtype = "F64" | "F32" | "I32";
const bytesPerElement = { F64: 8, F32: 4, I32: 4 } as const satisfies Record<Dtype, number>;

function dtypeOf(data: Tensor["data"]): Dtype {
  if (data instanceof Float64Array) return "F64";
  return data instanceof Float32Array ? "F32" : "I32";
}

/**
 * The bytes of a safetensors file. Wider numbers come first, so that every tensor is aligned; else the order is kept.
 * The same content gives the same bytes. Throws RangeError for the name "__metadata__", which the format reserves,
 * and for a tensor whose values do not fill its shape.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].sort(
    ([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT, // a stable sort
  );
  const header: [string, unknown][] =
    Object.keys(metadata).length === 0 ? [] : [[METADATA, metadata]];
  let end = 0;
  for (const [name, { shape, data }] of ordered) {
    if (name === METADATA) throw new RangeError(`safetensors: the name "${METADATA}" is reserved`);
    if (elementsOf(shape) !== data.length)
      throw new RangeError(
        `safetensors: tensor ${quote(name)}: ${data.length} values do not fill ${formatShape(shape)}`,
      );
    const begin = end;
    end += data.byteLength;
    header.push([name, { dtype: dtypeOf(data), shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(json.length / 8) * 8; // so that the tensors start aligned
  if (headerLength > HEADER_LIMIT)
    throw new RangeError(
      `safetensors: a header of ${headerLength} bytes, where the format allows ${HEADER_LIMIT}`,
    );

  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(json, 8);
  let at = 8 + headerLength;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * The tensors and metadata of a safetensors file; the tensors are copies. Reads F32, F64 and I32.
 * Throws RangeError with one line that names the tensor and the value for anything that is not to the letter of the
 * format: nothing is allocated before the header was found to agree with the length of the file.
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsContent {
  const { header, dataStart } = readHeader(bytes);
  const metadata = readMetadata(header[METADATA]);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => readEntry(name, entry))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);

  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end)
      throw invalid(
        `tensor ${quote(entry.name)} starts at byte ${entry.begin}, where the bytes before it end at ${end} (${entry.begin < end ? "they overlap" : "there is a hole"})`,
      );
    end = entry.end;
  }
  const available = bytes.length - dataStart;
  if (end !== available)
    throw invalid(
      `the tensors take ${end} bytes, but ${available} follow the header${end > available ? "; the file is cut short" : ""}`,
    );

  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end: stop } of entries) {
    const copy = new Uint8Array(stop - begin); // a new buffer: aligned wherever the file has it
    copy.set(bytes.subarray(dataStart + begin, dataStart + stop));
    tensors.set(name, { shape, data: viewAs(dtype, copy.buffer) });
  }
  return { tensors, metadata };
}

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8)
    throw invalid(`${bytes.length} bytes are too few for the length of a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(HEADER_LIMIT))
    throw invalid(
      `a header of ${length} bytes, where the format allows ${HEADER_LIMIT}; is this a safetensors file?`,
    );
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length)
    throw invalid(
      `a header of ${length} bytes in a file of ${bytes.length}; the file is cut short`,
    );
  if (bytes[8] !== 0x7b || length === 0n) throw invalid("the header does not start with {");
  let text: string;
  let header: unknown;
  try {
    const plain = new Uint8Array(bytes.subarray(8, dataStart)); // a copy: TextDecoder refuses shared memory
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
    header = JSON.parse(text);
  } catch {
    throw invalid("the header is not JSON in UTF-8");
  }
  if (!isRecord(header)) throw invalid("the header is not an object");
  const twice = duplicateKey(text);
  if (twice !== null) throw invalid(`the header names ${quote(twice)} twice`);
  return { header, dataStart };
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw invalid(`${METADATA} is not an object`);
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== "string")
        throw invalid(`${METADATA}: the value of ${quote(key)} is not a text`);
      return [key, text];
    }),
  );
}

function readEntry(name: string, value: unknown): Entry {
  const place = `tensor ${quote(name)}`;
  if (!isRecord(value)) throw invalid(`${place} is not described by an object`);
  const { dtype, shape, data_offsets: offsets, ...others } = value;
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`${place}: unknown key ${quote(other)}`);
  if (dtype !== "F64" && dtype !== "F32" && dtype !== "I32")
    throw invalid(`${place}: dtype ${quote(dtype)} is not read; only F32, F64 and I32 are`);
  if (!isSizes(shape)) throw invalid(`${place}: shape ${quote(shape)} is not a list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2)
    throw invalid(`${place}: data_offsets ${quote(offsets)} are not [begin, end]`);
  const [begin = 0, end = 0] = offsets;
  const expected = elementsOf(shape) * bytesPerElement[dtype];
  if (end < begin || end - begin !== expected)
    throw invalid(
      `${place}: ${dtype} ${quote(shape)} takes ${expected} bytes, but data_offsets are [${begin}, ${end}]`,
    );
  return { name, dtype, shape, begin, end };
}

function viewAs(dtype: Dtype, buffer: ArrayBuffer): Tensor["data"] {
  if (dtype === "F64") return new Float64Array(buffer);
  return dtype === "F32" ? new Float32Array(buffer) : new Int32Array(buffer);
}

/** Elements of a shape without symbolic sizes; too many to count come out inexact and fit no file. */
function elementsOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function invalid(what: string): RangeError {
  return new RangeError(`safetensors: ${what}`);
}

/** A value as JSON, cut to a length that fits a line. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
