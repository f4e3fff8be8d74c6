// A file to read a table from: its first bytes, which tell its format, and its content, unpacked when it is gzip.
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { errorCode, InputError } from "../table/input-error.js";
import { UnpackBudget } from "./unpack-budget.js";

/** A file that was found and looked into. */
export interface Source {
  readonly path: string; // "-" is standard input
  readonly name: string; // the file's name, for messages
  readonly gzip: boolean;
  readonly head: Uint8Array; // its first bytes, unpacked; fewer than HEAD_BYTES when the file is shorter
  readonly size: number; // in bytes, as it is stored
  /** The content of what is not a file. It can be read once. */
  readonly stream?: AsyncIterable<Uint8Array> | undefined;
}

/** What stands for standard input where a file is named. */
export const STDIN = "-";

const HEAD_BYTES = 1024;

/** The most bytes of a file that is read as a whole, unpacked: what one Node buffer is sure to hold. */
const WHOLE_LIMIT = 2 ** 32;

/** The most bytes that are read by one call: systems stop at 2 GiB. */
const MOST_AT_ONCE = 2 ** 30;

/** Looks at a file. Throws InputError when it cannot be read or is empty. */
export async function openSource(path: string): Promise<Source> {
  const name = path === STDIN ? "standard input" : basename(path);
  try {
    const size = path === STDIN ? (await standardInput()).length : await sizeOf(path);
    const raw =
      path === STDIN ? (await standardInput()).subarray(0, HEAD_BYTES) : await firstBytes(path);
    const gzip = raw[0] === 0x1f && raw[1] === 0x8b;
    const source = { path, name, gzip, head: raw, size };
    const head = gzip ? await unpackedHead(source) : raw;
    if (head.length === 0) throw new InputError(`${path}: the file is empty`);
    return { ...source, head };
  } catch (error) {
    throw readError(path, error);
  }
}

async function sizeOf(path: string): Promise<number> {
  const info = await stat(path);
  if (info.isDirectory()) throw new InputError(`${path}: this is a folder; name a file in it`);
  return info.size;
}

let input: Promise<Uint8Array> | undefined; // it can be read once only, and is needed more often

/** All of standard input. */
function standardInput(): Promise<Uint8Array> {
  input ??= whole(STDIN, process.stdin);
  return input;
}

/** The bytes of a file, or of standard input, as they are stored. */
export function storedBytes(path: string): AsyncIterable<Uint8Array> {
  if (path !== STDIN) return createReadStream(path, { highWaterMark: 2 ** 18 });
  return (async function* () {
    yield await standardInput();
  })();
}

/** The content from the start. Iterating throws what readError can turn into an InputError. */
export function contentStream({ path, gzip, size, stream }: Source): AsyncIterable<Uint8Array> {
  if (stream !== undefined) return stream;
  if (!gzip) return storedBytes(path);
  // pipeline hands an error of the file on to the stream that is being read, so the callback has nothing to add.
  const stored = Readable.from(storedBytes(path));
  const unpacked: Readable = pipeline(stored, createGunzip({ chunkSize: 2 ** 18 }), () => {});
  return within(new UnpackBudget(size), unpacked);
}

async function* within(
  budget: UnpackBudget,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    budget.take(chunk.length);
    yield chunk;
  }
}

/** The content as one piece of memory. Throws InputError. */
export async function content(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  const { path, gzip, size, stream } = source;
  try {
    // Straight to where it stays: pieces would be copied, and collected as garbage.
    if (path !== STDIN && !gzip && stream === undefined && size > 0)
      return await stored(path, size);
    return await whole(path, contentStream(source));
  } catch (error) {
    throw readError(source.path, error);
  }
}

async function whole(
  path: string,
  stream: AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    checkWhole(path, length);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The first `size` bytes of a file, or all of it when it has become shorter. */
async function stored(path: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
  checkWhole(path, size);
  const bytes = new Uint8Array(size);
  const file = await open(path);
  try {
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, Math.min(size - at, MOST_AT_ONCE));
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return at < size ? bytes.slice(0, at) : bytes;
  } finally {
    await file.close();
  }
}

function checkWhole(path: string, length: number): void {
  if (length > WHOLE_LIMIT)
    throw new InputError(`${path}: more than ${WHOLE_LIMIT} bytes; split it into smaller files`);
}

/** The InputError for a failure to read a file; anything unknown is handed back as it is. */
export function readError(path: string, error: unknown): unknown {
  const options = { cause: error };
  if (error instanceof RangeError) return new InputError(`${path}: ${error.message}`, options);
  switch (errorCode(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return new InputError(`${path}: no such file; check the name and the folder`, options);
    case "EACCES":
    case "EPERM":
      return new InputError(`${path}: the file may not be read; check its permissions`, options);
    case "EISDIR":
      return new InputError(`${path}: this is a folder; name a file in it`, options);
    case "Z_BUF_ERROR":
      return new InputError(`${path}: the gzip data end too early; the file is cut short`, options);
    case "Z_DATA_ERROR":
      return new InputError(`${path}: the gzip data are damaged`, options);
    default:
      return error;
  }
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const head = new Uint8Array(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function unpackedHead(source: Source): Promise<Uint8Array> {
  for await (const chunk of contentStream(source)) return chunk.slice(0, HEAD_BYTES);
  return new Uint8Array(0);
}
