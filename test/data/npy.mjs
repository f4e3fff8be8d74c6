// Writes NumPy arrays.

/**
 * The file of an array of some type (as NumPy's descr), shape and values in the order of the file.
 * @param {string} descr
 * @param {readonly number[]} shape
 * @param {readonly number[]} values
 * @returns {Uint8Array}
 */
export function npy(descr, shape, values, fortran = false) {
  const sizes = `(${shape.map((size) => `${size},`).join(" ")})`;
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${sizes}, }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const size = Number(descr.slice(2));
  const bytes = new Uint8Array(10 + header.length + (descr === "|O" ? 0 : size * values.length));
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, ...Buffer.from("NUMPY"), 1, 0]);
  view.setUint16(8, header.length, true);
  bytes.set(Buffer.from(header), 10);
  const little = !descr.startsWith(">");
  values.forEach((value, i) =>
    write(view, 10 + header.length + i * size, descr.slice(1), value, little),
  );
  return bytes;
}

const halves = new Map([
  [0, 0],
  [1, 0x3c00],
  [2, 0x4000],
  [100, 0x5640],
]);

/**
 * @param {DataView} view
 * @param {number} at
 * @param {string} type
 * @param {number} value
 * @param {boolean} little
 */
function write(view, at, type, value, little) {
  /** @type {Record<string, () => void>} */
  const writers = {
    i1: () => view.setInt8(at, value),
    u1: () => view.setUint8(at, value),
    i2: () => view.setInt16(at, value, little),
    u2: () => view.setUint16(at, value, little),
    f2: () => view.setUint16(at, halves.get(value) ?? 0x7e00, little),
    i4: () => view.setInt32(at, value, little),
    u4: () => view.setUint32(at, value, little),
    f4: () => view.setFloat32(at, value, little),
    i8: () => view.setBigInt64(at, BigInt(value), little),
    u8: () => view.setBigUint64(at, BigInt(value), little),
    f8: () => view.setFloat64(at, value, little),
  };
  writers[type]?.();
}
