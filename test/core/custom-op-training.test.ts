// Networks with layers of the user's own ops: trained, traced, checked, and refused when the op is not there.
import { fileURLToPath } from "node:url";
import {
  checkGradients,
  constant,
  customOp,
  dense,
  dropoutLayer,
  initialize,
  mul,
  opLayer,
  outputOf,
  parameterSpecs,
  rowLoss,
  sequential,
  sum,
  tensor,
  trace,
  type LossSpec,
  type Value,
} from "@shardgrad/core";
import {
  evaluate,
  loadOps,
  predict,
  Trainer,
  type RunResult,
  type TrainerOptions,
} from "@shardgrad/parallel";
import { describe, expect, it } from "vitest";
import { classData, denseRows, inputs } from "../parallel/data.js";

const url = new URL("../../examples/custom-op.mjs", import.meta.url);
const example = await loadOps([url]);

/** y = factor·x, which takes its factor from the layer. */
const scale = customOp<{ readonly factor: number }>({
  name: "scale",
  shape: ([x = []]) => x,
  forward: (y, [x], _shapes, { factor }) => {
    for (let i = 0; i < y.length; i += 1) y[i] = factor * (x?.[i] ?? 0);
  },
  vjp: [(dy, _inputs, _y, { factor }) => mul(dy, factor)],
});

const model = sequential(inputs, [
  dense(10),
  opLayer("softsign", 10),
  dropoutLayer(0.1),
  dense(7, { activation: "tanh" }),
  opLayer("softsign", 7),
  dense(3),
]);
const options: TrainerOptions = {
  model,
  data: classData(90, 3, 1),
  validation: classData(300, 3, 2),
  batchSize: 32,
  shards: 7,
  epochs: 4,
  optimizer: { name: "adam", lr: 0.01 },
  ops: example,
};

async function train(changes: Partial<TrainerOptions> = {}): Promise<RunResult> {
  const trainer = new Trainer({ ...options, ...changes });
  try {
    return await trainer.run().result;
  } finally {
    await trainer.close();
  }
}

describe("a network with layers of an op of the user's own", () => {
  it("ends with the same bytes and scores for 1, 2 and 3 workers", async () => {
    const [one, ...others] = [
      await train({ workers: 1 }),
      await train({ workers: 2 }),
      await train({ workers: 3 }),
    ];
    const scores = (run: RunResult): unknown[] => run.epochs.map((e) => [e.loss, e.validation]);
    for (const run of others) expect([run.hash, scores(run)]).toEqual([one.hash, scores(one)]);
    expect(one.epochs.at(-1)!.loss).toBeLessThan(one.epochs[0]!.loss);
  });

  it("has the gradients that central differences show", () => {
    const spec = sequential(3, [dense(4), opLayer("softsign", 4), dense(2)]);
    const names = parameterSpecs(spec).map(({ name }) => name);
    const cost = (...values: Value[]): Value =>
      sum(
        rowLoss(
          { name: "crossEntropy" },
          outputOf(
            spec,
            new Map(values.map((value, i) => [names[i]!, value])),
            constant(
              tensor([
                [0.5, -1, 2],
                [1, 0.2, -0.3],
              ]),
            ),
            { ops: example.ops },
          ),
          constant(tensor(Int32Array.of(1, 0))),
        ),
      );
    const checks = checkGradients(cost, [...initialize(spec, 3).values()]);
    expect(checks).toHaveLength(4);
    for (const { worstRelative } of checks) expect(worstRelative.relativeError).toBeLessThan(1e-7);
  });

  it("scores and predicts with weights that are there already", async () => {
    const { parameters, epochs } = await train();
    const loss: LossSpec = { name: "crossEntropy", reduction: "mean" };
    const rows = options.validation!;
    expect(await evaluate(model, parameters, loss, rows, { ops: example })).toEqual(
      epochs.at(-1)!.validation,
    );
    expect(await predict(model, parameters, rows, { ops: example })).toHaveLength(900);
  });

  it("is traced layer by layer: an op's a is the op of its z, and hands δ on by its rule", () => {
    const rows = 5;
    const parameters = initialize(model, 1);
    const data = classData(rows, 3, 4);
    if (data.target?.kind !== "class") throw new Error("classes expected");
    const x = tensor(denseRows(data), [rows, inputs]);
    const y = tensor(data.target.labels);
    const loss: LossSpec = { name: "crossEntropy", reduction: "sum" };
    const { layers } = trace(model, parameters, x, y, loss, { ops: example.ops });
    expect(layers.map(({ index, dW }) => [index, dW !== null])).toEqual([
      [0, true],
      [1, false],
      [3, true],
      [4, false],
      [5, true],
    ]);
    const [first, op, second] = layers;
    expect(op!.z).toEqual(first!.a);
    op!.z.data.forEach((z, i) => expect(op!.a.data[i]).toBeCloseTo(z / (1 + Math.abs(z)), 15));
    // ∂C/∂a of the op = δ of the dense layer above · Wᵀ; δ of the op = that · (1 + |z|)⁻²
    const W = parameters.get("layer3.weight")!.data;
    op!.delta.data.forEach((delta, i) => {
      const [r, k] = [Math.floor(i / 10), i % 10];
      let up = 0;
      for (let j = 0; j < 7; j += 1) up += second!.delta.data[r * 7 + j]! * W[k * 7 + j]!;
      expect(delta).toBeCloseTo(up / (1 + Math.abs(op!.z.data[i]!)) ** 2, 12);
    });
    const each = trace(model, parameters, x, y, loss, { perSample: true, ops: example.ops });
    expect(each.layers[0]!.dW!.shape).toEqual([rows, inputs, 10]);
  });

  it("gives the op what the layer says besides its input", () => {
    const spec = sequential(2, [opLayer("scale", 2, { factor: 3 })]);
    const x = tensor([[1, -2]]);
    const loss: LossSpec = { name: "halfSquaredError", reduction: "sum" };
    const { layers, cost } = trace(spec, new Map(), x, tensor([[0, 0]]), loss, {
      ops: new Map([["scale", scale]]),
    });
    expect([Array.from(layers[0]!.a.data), Array.from(layers[0]!.delta.data), cost]).toEqual([
      [3, -6],
      [9, -18],
      22.5,
    ]);
  });
});

describe("refused before anything is started:", () => {
  it("a model whose op nobody named", () => {
    expect(() => new Trainer({ ...options, ops: undefined })).toThrow(
      "layer1: the op softsign is not here; name the module that exports it",
    );
    expect(() =>
      trace(model, initialize(model, 1), tensor([[1]]), tensor([[1]]), {
        name: "norm",
        reduction: "sum",
      }),
    ).toThrow(RangeError);
  });

  it("an op that gives another width than its layer says", () => {
    const wide = sequential(inputs, [dense(10), opLayer("softsign", 3)]);
    expect(() => new Trainer({ ...options, model: wide })).toThrow(
      /layer1: the op softsign gives .*10.*, the layer says .*3/,
    );
  });

  it.each([
    ["export const a = 1;", /exports no op/],
    ["throw new Error('no luck');", /cannot be loaded as a module: no luck/],
  ])("a module with %j", async (text, message) => {
    await expect(loadOps([`data:text/javascript,${text}`])).rejects.toThrow(message);
  });

  it("two ops of one name; the same op twice is one", async () => {
    const other = new URL("../../examples/custom-op.mjs?other", import.meta.url);
    await expect(loadOps([url, other])).rejects.toThrow(/the op softsign exists already/);
    const twice = await loadOps([url, fileURLToPath(url)]);
    expect([...twice.ops.keys()]).toEqual(["softsign"]);
  });
});
