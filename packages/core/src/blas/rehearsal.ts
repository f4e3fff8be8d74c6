// The trials of a plan's products, before a run: within a step the other workers would wait for them.
import type { Address, Kernels } from "../kernels.js";
import { matmulOp } from "../ops/matmul.js";
import { bind, type Place, type Plan } from "../planner.js";
import type { Scratch, Value, Work } from "../value.js";
import type { Products } from "./products.js";

/** Tries the products of a plan that is bound like this, for the rows and subtrees of some work. No number is changed. */
export function rehearse(
  kernels: Kernels & Scratch,
  { trials }: Pick<Products, "trials">,
  plan: Plan,
  base: Address,
  places: ReadonlyMap<Value, Place>,
  work: Work,
): void {
  const order = plan.order.filter(({ op }) => op === matmulOp);
  bind({ ...kernels, ...trials }, { ...plan, order }, base, places).run(work);
}
