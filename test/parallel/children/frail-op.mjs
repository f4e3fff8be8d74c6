// An op that ends the thread it runs in, once: with process.exit on its FRAIL_AT-th call while the file FRAIL_MARK does not exist.
import { existsSync, writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { customOp } from "@shardgrad/core";

const { FRAIL_AT, FRAIL_MARK } = process.env;
let calls = 0;

export const frail = customOp({
  name: "frail",
  shape: ([x = []]) => x,
  forward: (y, [x = []]) => {
    for (let i = 0; i < y.length; i += 1) y[i] = x[i] ?? 0;
    calls += 1;
    if (isMainThread || FRAIL_MARK === undefined || calls !== Number(FRAIL_AT)) return;
    if (existsSync(FRAIL_MARK)) return;
    writeFileSync(FRAIL_MARK, "");
    process.exit(3);
  },
  vjp: [(dy) => dy],
});
