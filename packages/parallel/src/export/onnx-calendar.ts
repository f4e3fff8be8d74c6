// The features of times as ONNX nodes: the calendar by arithmetic on numbers of days, in f64.
import type { OnnxGraph } from "@shardgrad/core";
import type { CalendarFeature } from "../dataset/encode/encoding.js";

const DAY = 86_400_000; // milliseconds
const DAYS_BEFORE_1970 = 719_162; // since 1 January of the year 1
const FIRST_MONDAY = 4; // 5 January 1970

/** The name of a double's result: each combines names of doubles. */
interface Arithmetic {
  fixed(value: number): string;
  add(a: string, b: number | string): string;
  sub(a: string, b: number | string): string;
  mul(a: string, b: number): string;
  div(a: string, b: number | string): string;
  floor(a: string): string;
}

function arithmetic(graph: OnnxGraph): Arithmetic {
  const fixed = (value: number): string => graph.constant("number", "double", [], [value]);
  const two =
    (op: string) =>
    (a: string, b: number | string): string =>
      graph.node(op, [a, typeof b === "number" ? fixed(b) : b]);
  return {
    fixed,
    add: two("Add"),
    sub: two("Sub"),
    mul: two("Mul"),
    div: two("Div"),
    floor: (a) => graph.node("Floor", [a]),
  };
}

/**
 * The seven features of milliseconds since 1970, double [rows, 1] with NaN where missing, and the mark if there is one:
 * float [rows, 7 or 8].
 */
export function onnxCalendar(
  graph: OnnxGraph,
  raw: string,
  { low, high, center, scale, missing }: CalendarFeature,
): string {
  const k = arithmetic(graph);
  const isMissing = graph.node("IsNaN", [raw]);
  const time = graph.node("Where", [isMissing, k.fixed(0), raw]);
  const days = k.div(time, DAY); // since 1970
  const weeks = k.div(k.sub(days, FIRST_MONDAY), 7);
  const angles = [fraction(k, days), fraction(k, weeks), partOfYear(graph, k, days)].map((part) =>
    graph.cast(k.mul(part, 2 * Math.PI), "float"),
  );
  const waves = angles.flatMap((angle) => [graph.node("Sin", [angle]), graph.node("Cos", [angle])]);
  const limited = graph.node("Clip", [time, k.fixed(low), k.fixed(high)]);
  const late = graph.cast(k.div(k.sub(limited, center), scale), "float");
  const all = graph.node("Concat", [...waves, late], { axis: { int: 1 } });
  const none = graph.constant("none", "float", [], [0]);
  const features = graph.node("Where", [isMissing, none, all]);
  if (!missing) return features;
  const mark = graph.cast(isMissing, "float");
  return graph.node("Concat", [features, mark], { axis: { int: 1 } });
}

const fraction = (k: Arithmetic, value: string): string => k.sub(value, k.floor(value));

/** How much of its year has passed at a time in days since 1970, 0 ≤ part < 1. */
function partOfYear(graph: OnnxGraph, k: Arithmetic, since1970: string): string {
  const days = k.add(since1970, DAYS_BEFORE_1970);
  // n whole years have passed. 365.2425 n is never more than a day and a half from where year n begins, so that the quotient
  // gives n or n − 1.
  const few = k.floor(k.div(k.sub(days, 1), 365.2425));
  const isMore = graph.node("GreaterOrEqual", [days, startOfYear(k, k.add(few, 1))]);
  const years = k.add(few, graph.cast(isMore, "double"));
  const start = startOfYear(k, years);
  return k.div(k.sub(days, start), k.sub(startOfYear(k, k.add(years, 1)), start));
}

/** Days before the year that begins after n years of the Gregorian calendar: 365n + ⌊n/4⌋ − ⌊n/100⌋ + ⌊n/400⌋. */
function startOfYear(k: Arithmetic, n: string): string {
  const leaps = (every: number): string => k.floor(k.div(n, every));
  return k.add(k.sub(k.add(k.mul(n, 365), leaps(4)), leaps(100)), leaps(400));
}
