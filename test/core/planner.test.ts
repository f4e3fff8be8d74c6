// Plans: what they place where, and that running one again gives the same.
import {
  align,
  bind,
  compile,
  constant,
  evaluate,
  exp,
  gradients,
  input,
  loadKernels,
  mul,
  plan,
  realView,
  relu,
  reshape,
  ROWS,
  SCRATCH_BYTES,
  sin,
  sum,
  tensor,
  toNested,
  writeNumbers,
  type Place,
  type Value,
} from "@shardgrad/core";
import { describe, expect, it } from "vitest";
import { count } from "./naive.ts";
import { randomGraph } from "./random-graph.ts";

const WORK = { rows: 0, firstRow: 0, step: 0, seed: 0, subtrees: [] };

/** A memory with f64 kernels and room for `bytes` behind the scratch space. */
function room(bytes: number) {
  const base = align(64 + SCRATCH_BYTES);
  const pages = Math.ceil((base + bytes) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return { base, kernels: { ...loadKernels("f64", memory), scratch: 64 } };
}

it("a bound plan gives the same bits however often it runs: no result lies on a constant", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const { inputs, at, loss } = randomGraph(seed);
    const outputs = [loss, ...gradients(loss, inputs).flatMap((g) => g ?? [])];
    const lowered = plan(outputs, { bytes: 8, mostRows: 0, placed: new Set(inputs) });
    let end = lowered.bytes;
    const offsets = at.map(({ data }) => (end += align(8 * data.length)) - align(8 * data.length));
    const { base, kernels } = room(end);
    const places = new Map(
      inputs.map((x, i): [Value, Place] => [x, { address: base + offsets[i]! }]),
    );
    const bound = bind(kernels, lowered, base, places);
    inputs.forEach((x, i) => writeNumbers(kernels, places.get(x)!.address, at[i]!.data));
    const results = [0, 1, 2].map(() => {
      bound.run(WORK);
      return outputs.map((y) => Array.from(realView(kernels, bound.addressOf(y), count(y.shape))));
    });
    expect(results[1], `seed ${seed}`).toEqual(results[0]);
    expect(results[2], `seed ${seed}`).toEqual(results[0]);
  }
});

it("a chain of elementwise ops runs in one buffer", () => {
  const x = input([1000], "x");
  const y = exp(sin(relu(exp(sin(x)))));
  expect(plan([y], { bytes: 4, mostRows: 0, placed: new Set([x]) }).bytes).toBe(align(4000));
});

it("a result that is given a place is written there, also when it is a view", () => {
  const x = input([2, 3], "x");
  const flat = reshape(x, [6]);
  const lowered = plan([flat], { bytes: 8, mostRows: 0, placed: new Set([x, flat]) });
  const { base, kernels } = room(lowered.bytes + 256);
  const places = new Map<Value, Place>([
    [x, { address: base + 64 }],
    [flat, { address: base + 128 }],
  ]);
  const bound = bind(kernels, lowered, base, places);
  writeNumbers(kernels, base + 64, Float64Array.of(1, 2, 3, 4, 5, 6));
  bound.run(WORK);
  expect(Array.from(realView(kernels, base + 128, 6))).toEqual([1, 2, 3, 4, 5, 6]);
});

describe("evaluate", () => {
  it("gives views of inputs and constants as outputs", () => {
    const x = input([2, 2], "x");
    const [a, b, c] = evaluate(
      [reshape(x, [4]), reshape(constant(tensor([[5, 6]])), [2]), x],
      new Map([
        [
          x,
          tensor([
            [1, 2],
            [3, 4],
          ]),
        ],
      ]),
    );
    expect([toNested(a!), toNested(b!), toNested(c!)]).toEqual([
      [1, 2, 3, 4],
      [5, 6],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
  });

  it("names an input that has no value", () => {
    const x = input([2], "speed");
    expect(() => evaluate([exp(x)])).toThrow("the input speed [2] has no value");
  });

  it("names an input whose value has another shape", () => {
    const x = input([2], "speed");
    expect(() => evaluate([exp(x)], new Map([[x, tensor([1, 2, 3])]]))).toThrow(
      "the input speed is [2], its value [3]",
    );
  });

  it("refuses a graph over rows of no known number", () => {
    expect(() => evaluate([exp(input([ROWS, 2], "x"))])).toThrow("has rows of no known number");
  });
});

describe("compile", () => {
  it("makes a function that may be called with other numbers, between calls of others", () => {
    const x = input([], "x");
    const f = compile([mul(3, x)], [x]);
    const g = compile([mul(5, exp(mul(7, x)))], [x]);
    const results = [1, 2].map((n) => {
      g([tensor(n)]);
      return f([tensor(n)])[0]!.data[0];
    });
    expect(results).toEqual([3, 6]);
  });

  it("names an input of the graph that it is not given", () => {
    const [x, y] = [input([], "x"), input([3], "offset")];
    expect(() => compile([mul(x, y)], [x])).toThrow(
      "the graph's input offset [3] is not one of the given inputs",
    );
  });

  it("takes whole numbers for i32 inputs and refuses others", () => {
    const labels = input([2], "labels", "i32");
    const f = compile([reshape(labels, [1, 2])], [labels]);
    expect(f([tensor([4, 5])])[0]!.data).toEqual(Int32Array.of(4, 5));
    expect(() => f([tensor([4, 5.5])])).toThrow("element 1 is 5.5, not a whole number");
  });

  it("rounds to f32 when told to", () => {
    const x = input([], "x");
    expect(compile([mul(x, 0.1)], [x], { dtype: "f32" })([tensor(1)])[0]!.data).toEqual(
      Float32Array.of(0.1),
    );
  });
});

it("an op that needs real numbers names the input that holds i32", () => {
  expect(() => exp(input([2], "labels", "i32"))).toThrow(
    "exp: input 0 [2] holds i32; real numbers expected",
  );
});

it("a sum of a value with itself along two paths counts both", () => {
  const x = input([2], "x");
  const [g] = gradients(sum(mul(x, reshape(reshape(x, [2, 1]), [2]))), [x]);
  expect(toNested(evaluate([g!], new Map([[x, tensor([3, 4])]]))[0]!)).toEqual([6, 8]);
});
