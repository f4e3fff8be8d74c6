// θ in the shared memory as named tensors, and back; and its hash.
import { createHash } from "node:crypto";
import type { Parameters, Tensor } from "@shardgrad/core";
import type { Layout } from "./layout.js";

/** Copies parameters to where θ (or a slot of it) begins. */
export function writeParameters(
  layout: Layout,
  buffer: ArrayBufferLike,
  at: number,
  parameters: Parameters,
): void {
  for (const { name, offset, count } of layout.parameters) {
    const data = parameters.get(name)?.data;
    if (data !== undefined) new Float32Array(buffer, at + 4 * offset, count).set(data);
  }
}

/** Copies of the parameters (or a slot) that begin at an address. */
export function readParameters(layout: Layout, buffer: ArrayBufferLike, at: number): Parameters {
  return new Map(
    layout.parameters.map(({ name, shape, offset, count }): [string, Tensor] => [
      name,
      { shape, data: new Float32Array(buffer, at + 4 * offset, count).slice() },
    ]),
  );
}

/** sha256 (hex) of every parameter in order: little-endian f32, NaN made canonical. */
export function hashParameters(parameters: Parameters): string {
  const hash = createHash("sha256");
  for (const { data } of parameters.values()) {
    const bytes = new DataView(new ArrayBuffer(data.length * 4));
    data.forEach((value, i) =>
      bytes.setFloat32(4 * i, Number.isNaN(value) ? Number.NaN : value, true),
    );
    hash.update(bytes);
  }
  return hash.digest("hex");
}
