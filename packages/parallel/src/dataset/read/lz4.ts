// Unpacks LZ4 frames, as Arrow files hold them.
//
// A frame is a header and blocks; a block is a list of (literals, copy from what came before). Blocks may copy from
// earlier ones ("linked", as pyarrow writes them), so all are unpacked into one piece of memory.
// Sources: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md
import type { UnpackBudget } from "./unpack-budget.js";

const MAGIC = 0x184d2204;
const BLOCK_CHECKSUM = 0x10; // flags of a frame
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const DICTIONARY = 0x01;
const STORED = 0x80000000; // a block that is not packed

/** The content of one frame. Throws RangeError when it is damaged or unpacks to more than the budget has left. */
export function unpackLz4(bytes: Uint8Array, budget: UnpackBudget): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC)
    throw new RangeError("an LZ4 frame without its first bytes");
  const flags = view.getUint8(4);
  if (flags >> 6 !== 1) throw new RangeError(`an LZ4 frame of version ${flags >> 6}`);
  if ((flags & DICTIONARY) !== 0) throw new RangeError("an LZ4 frame that needs a dictionary");
  const blockLimit = 1 << (8 + 2 * ((view.getUint8(5) >> 4) & 7)); // 64 KiB to 4 MiB
  let at = (flags & CONTENT_SIZE) === 0 ? 7 : 15;
  const output = new Output(budget);
  for (;;) {
    if (at + 4 > bytes.length) throw cutShort();
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const length = word & ~STORED;
    if (at + length > bytes.length) throw cutShort();
    output.reserve(blockLimit);
    const block = bytes.subarray(at, at + length);
    if (word >= STORED) output.literals(block, 0, length);
    else unpackBlock(block, output);
    at += length + ((flags & BLOCK_CHECKSUM) === 0 ? 0 : 4);
  }
  if ((flags & CONTENT_CHECKSUM) !== 0 && at + 4 > bytes.length) throw cutShort();
  return output.content();
}

function unpackBlock(block: Uint8Array, output: Output): void {
  let at = 0;
  const length = (nibble: number): number => {
    let total = nibble;
    if (nibble < 15) return total;
    for (;;) {
      const more = block[at];
      if (more === undefined) throw cutShort();
      at += 1;
      total += more;
      if (more < 255) return total;
    }
  };
  while (at < block.length) {
    const token = block[at] ?? 0;
    at += 1;
    const literals = length(token >> 4);
    if (at + literals > block.length) throw cutShort();
    output.literals(block, at, literals);
    at += literals;
    if (at === block.length) return; // the last part has no copy
    if (at + 2 > block.length) throw cutShort();
    const distance = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    at += 2;
    output.copy(distance, length(token & 15) + 4);
  }
}

/** What is unpacked so far. `reserve` makes room for a block; no block may write more. */
class Output {
  readonly #budget: UnpackBudget;
  #bytes = new Uint8Array(2 ** 16);
  #length = 0;
  #end = 0;

  constructor(budget: UnpackBudget) {
    this.#budget = budget;
  }

  reserve(most: number): void {
    this.#end = this.#length + most;
    if (this.#end <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#end));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }

  literals(from: Uint8Array, at: number, count: number): void {
    this.#take(count);
    this.#bytes.set(from.subarray(at, at + count), this.#length);
    this.#length += count;
  }

  copy(distance: number, count: number): void {
    if (distance === 0 || distance > this.#length)
      throw new RangeError(`an LZ4 copy from ${distance} bytes back`);
    this.#take(count);
    const bytes = this.#bytes;
    const end = this.#length + count;
    for (let i = this.#length; i < end; i += 1) bytes[i] = bytes[i - distance] ?? 0; // may overlap itself
    this.#length = end;
  }

  content(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #take(count: number): void {
    if (this.#length + count > this.#end)
      throw new RangeError("an LZ4 block larger than it may be");
    this.#budget.take(count);
  }
}

function cutShort(): RangeError {
  return new RangeError("an LZ4 frame that is cut short");
}
