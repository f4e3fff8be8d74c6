import { decodeSafetensors, encodeSafetensors, tensor, type Tensor } from "@shardgrad/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** A file with this header, padded as given, and so many bytes of data. */
function fileOf(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function entry(dtype: string, shape: unknown, offsets: unknown): string {
  return JSON.stringify({ dtype, shape, data_offsets: offsets });
}

describe("a safetensors file", () => {
  it("gives back every tensor and text", () => {
    const tensors = new Map<string, Tensor>([
      [
        "layer0.weight",
        { shape: [2, 3], data: Float32Array.of(1, -0, 3, Number.NaN, 5e-324, 3.4e38) },
      ],
      ["scalar", { shape: [], data: Float64Array.of(Math.PI) }],
      ["empty", { shape: [0, 7], data: new Float32Array(0) }],
      ['labels \u00e9\n"', tensor(Int32Array.of(-1, 2 ** 31 - 1))],
      ["__proto__", tensor(Float32Array.of(9))],
    ]);
    const metadata = { a: "text", "shardgrad.model": '{"x":1}', é: "\u0000\n" };
    const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata));
    expect(decoded.metadata).toEqual(metadata);
    expect(Object.fromEntries(decoded.tensors)).toEqual(Object.fromEntries(tensors));
  });

  it("is what the format says, byte by byte", () => {
    const bytes = encodeSafetensors(
      new Map([["w", { shape: [2, 1], data: Float32Array.of(1, 2) }]]),
      { k: "v" },
    );
    const header =
      '{"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
    expect(Buffer.from(bytes).toString("latin1")).toBe(
      Buffer.concat([
        Buffer.from([padded.length, 0, 0, 0, 0, 0, 0, 0]),
        Buffer.from(padded),
        Buffer.from(Float32Array.of(1, 2).buffer),
      ]).toString("latin1"),
    );
  });

  it("aligns every tensor to its element, wider ones first, others in their order", () => {
    const tensors = new Map<string, Tensor>([
      ["b", tensor(Float32Array.of(1))],
      ["a", tensor(Int32Array.of(2))],
      ["c", tensor(Float64Array.of(3))],
    ]);
    const bytes = encodeSafetensors(tensors);
    expect([...decodeSafetensors(bytes).tensors.keys()]).toEqual(["c", "b", "a"]);
    expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
  });

  it("is read from any offset of a larger memory, shared or not", () => {
    const bytes = encodeSafetensors(new Map([["w", tensor(Float32Array.of(1, 2))]]));
    for (const buffer of [
      new ArrayBuffer(bytes.length + 3),
      new SharedArrayBuffer(bytes.length + 3),
    ]) {
      const view = new Uint8Array(buffer, 3);
      view.set(bytes);
      expect(decodeSafetensors(view).tensors.get("w")?.data).toEqual(Float32Array.of(1, 2));
    }
  });

  it("whose header is not padded is read", () => {
    const bytes = fileOf(`{"w":${entry("F32", [1], [0, 4])}}`, 4);
    expect(decodeSafetensors(bytes).tensors.get("w")).toEqual({
      shape: [1],
      data: Float32Array.of(0),
    });
  });

  it("of nothing is read", () => {
    expect(decodeSafetensors(fileOf("{}"))).toEqual({ tensors: new Map(), metadata: {} });
  });

  it("cannot be written with a reserved name or a shape that does not fit", () => {
    expect(() =>
      encodeSafetensors(new Map([["__metadata__", tensor(Float32Array.of(1))]])),
    ).toThrow(/reserved/);
    expect(() =>
      encodeSafetensors(new Map([["w", { shape: [3], data: Float32Array.of(1) }]])),
    ).toThrow(/"w": 1 values/);
  });
});

describe("a hostile safetensors file", () => {
  const w = (shape: unknown, offsets: unknown, dtype = "F32"): string =>
    `{"w":${entry(dtype, shape, offsets)}}`;

  it.each<[string, Uint8Array, RegExp]>([
    ["too short", new Uint8Array(7), /7 bytes/],
    ["of text", new TextEncoder().encode("a,b,c\n1,2,3\n4,5,6\n"), /is this a safetensors file/],
    ["with a header beyond its end", fileOf("{}", 0, 9n), /cut short/],
    ["with a header of 2^64 − 1 bytes", fileOf("{}", 0, 2n ** 64n - 1n), /18446744073709551615/],
    ["with an empty header", fileOf(""), /does not start with/],
    ["with a header that starts with a blank", fileOf(" {}"), /does not start with/],
    ["with a header that is no JSON", fileOf("{]"), /not JSON/],
    [
      "with a header that is no UTF-8",
      fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)),
      /not JSON in UTF-8/,
    ],
    ["with a deep header", fileOf(`{"a":${"[".repeat(1e5)}`), /not JSON/],
    [
      "that names a tensor twice",
      fileOf(`{"w":${entry("F32", [0], [0, 0])},"\\u0077":${entry("F32", [0], [0, 0])}}`),
      /names "w" twice/,
    ],
    [
      "that states a key twice",
      fileOf('{"w":{"dtype":"F32","dtype":"F64","shape":[0],"data_offsets":[0,0]}}'),
      /names "dtype" twice/,
    ],
    [
      "with an unknown key",
      fileOf('{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}}'),
      /unknown key "x"/,
    ],
    ["with half floats", fileOf(w([2], [0, 4], "F16"), 4), /"w": dtype "F16"/],
    ["with bytes", fileOf(w([4], [0, 4], "U8"), 4), /"w": dtype "U8"/],
    ["without a dtype", fileOf('{"w":{"shape":[0],"data_offsets":[0,0]}}'), /"w": dtype nothing/],
    ["with a tensor that is a number", fileOf('{"w":1}'), /"w" is not described/],
    ["with a negative size", fileOf(w([-1], [0, 4]), 4), /shape \[-1\]/],
    ["with a fractional size", fileOf(w([0.5], [0, 4]), 4), /shape \[0.5\]/],
    ["with a size as text", fileOf(w(["1"], [0, 4]), 4), /shape \["1"\]/],
    ["with sizes that overflow", fileOf(w([2 ** 52, 2 ** 52, 2 ** 52], [0, 4]), 4), /takes/],
    [
      "with sizes that overflow to a fit",
      fileOf(
        w(
          Array.from({ length: 1e4 }, () => 2 ** 52),
          [0, 4],
        ),
        4,
      ),
      /takes Infinity/,
    ],
    ["with offsets that do not fit the shape", fileOf(w([2], [0, 4]), 4), /takes 8 bytes/],
    ["with offsets backwards", fileOf(w([0], [4, 0]), 4), /data_offsets are \[4, 0\]/],
    ["with three offsets", fileOf(w([1], [0, 4, 8]), 8), /\[begin, end\]/],
    ["with a tensor beyond its end", fileOf(w([2], [0, 8]), 4), /8 bytes, but 4.*cut short/],
    ["with bytes left over", fileOf(w([1], [0, 4]), 5), /4 bytes, but 5/],
    ["with a hole before a tensor", fileOf(w([1], [4, 8]), 8), /hole/],
    [
      "with overlapping tensors",
      fileOf(`{"a":${entry("F32", [2], [0, 8])},"b":${entry("F32", [1], [4, 8])}}`, 8),
      /overlap/,
    ],
    ["with metadata that are numbers", fileOf('{"__metadata__":{"a":1}}'), /"a" is not a text/],
    ["with metadata that are a list", fileOf('{"__metadata__":[]}'), /not an object/],
  ])("%s is refused in one line", (_, bytes, message) => {
    const read = (): unknown => decodeSafetensors(bytes);
    expect(read).toThrow(RangeError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^safetensors: [^\r\n]{1,300}$/);
  });

  it("changed or cut anywhere is read or refused, never anything else", () => {
    const whole = encodeSafetensors(
      new Map([
        ["a", tensor(Float32Array.of(1, 2))],
        ["b", tensor(Float64Array.of(3))],
      ]),
      { k: "v" },
    );
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.nat(255),
        fc.nat(whole.length),
        (at, byte, length) => {
          const damaged = whole.slice(0, length);
          if (at < length) damaged[at] = byte;
          try {
            decodeSafetensors(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
            expect((error as RangeError).message).toMatch(/^safetensors: [^\r\n]+$/);
          }
        },
      ),
      { numRuns: 2000, seed: 3 },
    );
  });
});
