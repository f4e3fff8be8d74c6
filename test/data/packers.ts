// Packs bytes as writers of tables do.
/** One Zstandard frame: a single block, stored. */
export function storedZstd(data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + 1 + 8 + 3 + data.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  view.setUint8(4, 0xe0); // one segment, its size in 8 bytes
  view.setBigUint64(5, BigInt(data.length), true);
  view.setUint16(13, ((data.length << 3) | 1) & 0xffff, true); // the last block, stored
  view.setUint8(15, data.length >> 13);
  frame.set(data, 16);
  return frame;
}

/** One LZ4 frame with two linked blocks: the second copies from the first where it can. */
export function packLz4(data: Uint8Array): Uint8Array {
  const half = Math.min(data.length >> 1, 60_000);
  const parts = [0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0]; // linked blocks of at most 64 KiB; the checksum is not looked at
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    const length = Math.min(at === 0 ? Math.max(half, 1) : 60_000, data.length - at);
    blocks.push(block(data, at, length));
    at += length;
  }
  const bytes: number[] = [...parts];
  for (const one of blocks) {
    bytes.push(one.length & 255, (one.length >> 8) & 255, (one.length >> 16) & 255, 0);
    for (const byte of one) bytes.push(byte);
  }
  return Uint8Array.from([...bytes, 0, 0, 0, 0]);
}

/** Copies of 8 bytes from 8 bytes back where they repeat, else literals; the last 12 bytes are literals. */
function block(data: Uint8Array, start: number, length: number): Uint8Array {
  const out: number[] = [];
  let literals = start;
  let at = start;
  const end = start + length;
  const repeats = (i: number): boolean => {
    for (let j = 0; j < 8; j += 1)
      if (i - 8 + j < 0 || data[i + j] !== data[i - 8 + j]) return false;
    return true;
  };
  const extra = (count: number): void => {
    let rest = count - 15;
    for (; rest >= 255; rest -= 255) out.push(255);
    if (rest >= 0) out.push(rest);
  };
  while (at + 20 < end) {
    if (!repeats(at)) {
      at += 1;
      continue;
    }
    const count = at - literals;
    out.push((Math.min(count, 15) << 4) | 4); // 4 + 4 bytes are copied
    extra(count);
    out.push(...data.subarray(literals, at), 8, 0);
    at += 8;
    literals = at;
  }
  const count = end - literals;
  out.push(Math.min(count, 15) << 4);
  extra(count);
  for (const byte of data.subarray(literals, end)) out.push(byte);
  return Uint8Array.from(out);
}
