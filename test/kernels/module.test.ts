// What the compiled kernel modules contain.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelModule } from "../../packages/core/dist/kernels.js";
import { DTYPES } from "./arena.js";

const dist = new URL("../../packages/core/dist/", import.meta.url);

/** The ids of a module's sections; those of active and passive data are 11 and 12. */
function sections(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  let at = 8; // magic number and version
  while (at < bytes.length) {
    ids.push(bytes[at++]!);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}

/** The members of the interface KernelExports, as it was compiled. */
function declared(): string[] {
  const text = readFileSync(new URL("kernels.d.ts", dist), "utf8");
  const body = /interface KernelExports \{([^]*?)\n\}/.exec(text)?.[1] ?? "";
  return [...body.matchAll(/^ {4}readonly (\w+):/gm)].map((match) => match[1]!);
}

describe.each(DTYPES)("the %s module", (dtype) => {
  const bytes = new Uint8Array(readFileSync(new URL(`kernels-${dtype}.wasm`, dist)));

  it("holds no data that instantiating would write over a live memory", () => {
    expect(sections(bytes)).toContain(10); // the code is where it should be, so the sections were read rightly
    expect(sections(bytes)).not.toContain(11);
    expect(sections(bytes)).not.toContain(12);
  });

  it("runs nothing when it is instantiated", () => {
    expect(sections(bytes)).not.toContain(8);
  });

  it("exports what KernelExports declares and nothing else", () => {
    const exported = WebAssembly.Module.exports(kernelModule(dtype)).map(({ name }) => name);
    expect(declared().length).toBeGreaterThan(60);
    expect(exported.sort()).toEqual(declared().sort());
  });

  it("imports its memory only", () => {
    expect(WebAssembly.Module.imports(kernelModule(dtype))).toEqual([
      { module: "env", name: "memory", kind: "memory" },
    ]);
  });
});
