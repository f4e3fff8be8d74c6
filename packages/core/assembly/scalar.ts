// Functions of one f64, the same bits in both builds.
import { erf } from "./erf";
import { exp, tanh } from "./exp";
import { log } from "./log";

export { cos as scalarCos, sin as scalarSin } from "./trig";
export { pow as scalarPow } from "./pow";

export function scalarExp(x: f64): f64 { return f64x2.extract_lane(exp<f64>(f64x2.splat(x)), 0); }
export function scalarLog(x: f64): f64 { return f64x2.extract_lane(log<f64>(f64x2.splat(x)), 0); }
export function scalarTanh(x: f64): f64 { return f64x2.extract_lane(tanh<f64>(f64x2.splat(x)), 0); }
export function scalarErf(x: f64): f64 { return f64x2.extract_lane(erf(f64x2.splat(x)), 0); }
