// Checks one random graph: its values against the twins, its memory reuse, its gradients against central differences.
import { compile, gradients, item, type Tensor } from "@shardgrad/core";
import { randomGraph, WIDTH } from "./random-graph.ts";

/** What of a graph is wrong, null when nothing is. */
export function faultOf(seed: number): string | null {
  const { inputs, at, along, nodes, expected, loss, expectedLoss } = randomGraph(seed);
  const found = gradients(loss, inputs);
  const derived = found.flatMap((g) => g ?? []);

  // Every node is an output, so nothing is overwritten …
  const kept = compile([loss, ...derived, ...nodes], inputs)(at);
  for (const [i, { data }] of expected.entries()) {
    const node = kept[1 + derived.length + i]!;
    const scale = Math.max(1, ...data.map(Math.abs));
    for (const [j, x] of data.entries())
      if (!(Math.abs(x - node.data[j]!) <= 1e-11 * scale))
        return `node ${i} (${nodes[i]!.op.name}) is ${node.data[j]} at ${j}, by definition ${x}`;
  }
  // … and the same with the memory of what nobody reads any more used again.
  const run = compile([loss, ...derived], inputs);
  const lean = run(at);
  for (const [i, tensor] of lean.entries())
    if (!sameBits(tensor, kept[i]!)) return `output ${i} changes when memory is reused`;
  const value = item(lean[0]!);
  if (!(Math.abs(value - expectedLoss) <= 1e-10 * Math.max(1, Math.abs(expectedLoss))))
    return `the loss is ${value}, by definition ${expectedLoss}`;

  let slope = 0;
  let next = 1;
  found.forEach((g, i) => {
    if (g === null) return;
    lean[next]!.data.forEach((x, j) => (slope += x * along[i]!.data[j]!));
    next += 1;
  });
  const lossAt = compile([loss], inputs);
  const moved = (t: number): number =>
    item(
      lossAt(
        at.map(({ shape, data }, i) => ({
          shape,
          data: data.map((x, j) => x + t * along[i]!.data[j]!),
        })),
      )[0]!,
    );
  const h = WIDTH;
  const difference = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
  const size = Math.max(Math.abs(slope), Math.abs(difference), Math.abs(value) / 1000, 1e-3);
  if (!(Math.abs(slope - difference) <= 1e-6 * size))
    return `the derivative along the direction is ${slope}, by differences ${difference}`;

  // Constants survive other graphs and other numbers in between.
  for (const [i, tensor] of run(at).entries())
    if (!sameBits(tensor, lean[i]!)) return `output ${i} of a second run differs`;
  return null;
}

/** Whether two tensors hold the same numbers to the bit. */
function sameBits(a: Tensor, b: Tensor): boolean {
  return a.data.length === b.data.length && a.data.every((x, i) => Object.is(x, b.data[i]));
}
