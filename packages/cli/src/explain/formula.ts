// Reads a formula such as `(x + y)*z` into a tree: a Pratt parser over numbers, names, operators and calls.
import { UsageError } from "../usage-error.js";

/** A formula as a tree. */
export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: string; readonly at: number }
  | { readonly kind: "negative"; readonly of: Expression }
  | {
      readonly kind: "operation";
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly at: number;
      readonly args: readonly Expression[];
    };

export type Operator = "+" | "-" | "*" | "/" | "^";

interface Token {
  readonly kind: "number" | "name" | "operator" | "(" | ")" | "," | "end";
  readonly text: string;
  readonly at: number; // column, from 1
}

/** Far more than can be read in a picture, and little enough that no formula is a burden. */
const LONGEST = 2000;
const DEEPEST = 100;

/** Names are of Latin and Greek letters, digits (also as indices below the line) and underscores. */
const TOKEN =
  /\s*(?:(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_\u0370-\u03ff][A-Za-z_\u0370-\u03ff0-9₀-₉]*)|(?<operator>\*\*|[-+*/^·×÷−])|(?<mark>[(),]))/y;

/** Other ways to write an operator. */
const SPELLINGS: ReadonlyMap<string, Operator> = new Map([
  ["**", "^"],
  ["·", "*"],
  ["×", "*"],
  ["÷", "/"],
  ["−", "-"],
]);

/** How strongly operators bind: sums, products, signs, powers. Powers bind to the right: 2^3^2 is 2^(3^2). */
const BINDING: Readonly<Record<Operator, number>> = { "+": 1, "-": 1, "*": 2, "/": 2, "^": 4 };
const SIGN = 3;

/** Reads a formula. Throws UsageError with the column of what does not fit. */
export function parseFormula(text: string): Expression {
  if (text.length > LONGEST)
    throw new UsageError(
      `FORMULA: ${text.length} characters; give a formula of at most ${LONGEST}`,
    );
  const tokens = tokenise(text);
  let next = 0;
  let depth = 0;

  const peek = (): Token => tokens[next] ?? { kind: "end", text: "", at: text.length + 1 };
  const take = (): Token => {
    const token = peek();
    next += 1;
    return token;
  };
  const expected = (wanted: string, found: Token): UsageError =>
    failure(
      found.at,
      `${found.kind === "end" ? "the formula ends" : `found ${found.text}`} where ${wanted} is expected`,
    );
  const expect = (kind: ")" | ","): void => {
    const token = take();
    if (token.kind !== kind) throw expected(kind, token);
  };

  /** An expression of operators that bind more strongly than `least`. */
  const expression = (least: number): Expression => {
    depth += 1;
    if (depth > DEEPEST)
      throw failure(peek().at, `nested more than ${DEEPEST} deep; give a flatter formula`);
    let left = operand();
    for (;;) {
      const { kind, text: operator } = peek();
      if (kind !== "operator" || !isOperator(operator) || BINDING[operator] <= least) break;
      take();
      const right = expression(operator === "^" ? BINDING["^"] - 1 : BINDING[operator]);
      left = { kind: "operation", operator, left, right };
    }
    depth -= 1;
    return left;
  };

  const operand = (): Expression => {
    const token = take();
    switch (token.kind) {
      case "number":
        return { kind: "number", value: Number(token.text) };
      case "name":
        return peek().kind === "("
          ? { kind: "call", name: token.text, at: token.at, args: callArguments() }
          : { kind: "name", name: token.text, at: token.at };
      case "(": {
        const inner = expression(0);
        expect(")");
        return inner;
      }
      case "operator":
        if (token.text === "+") return expression(SIGN);
        if (token.text === "-") return { kind: "negative", of: expression(SIGN) };
        throw expected("a number, a name or (", token);
      default:
        throw expected("a number, a name or (", token);
    }
  };

  const callArguments = (): Expression[] => {
    take(); // the opening parenthesis
    const args = [expression(0)];
    while (peek().kind === ",") {
      take();
      args.push(expression(0));
    }
    expect(")");
    return args;
  };

  const whole = expression(0);
  const rest = peek();
  if (rest.kind !== "end") throw expected("an operator or the end", rest);
  return whole;
}

function isOperator(text: string): text is Operator {
  return text in BINDING;
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match?.groups) {
      const wrong = text.slice(start).trimStart();
      throw failure(text.length - wrong.length + 1, `${wrong.slice(0, 1)} has no meaning here`);
    }
    const { number, name, operator, mark } = match.groups;
    const found = number ?? name ?? operator ?? mark ?? "";
    const kind =
      number !== undefined
        ? "number"
        : name !== undefined
          ? "name"
          : operator !== undefined
            ? "operator"
            : (mark as "(" | ")" | ","); // what the pattern's last group holds
    const at = TOKEN.lastIndex - found.length + 1;
    if (number !== undefined && !Number.isFinite(Number(number)))
      throw failure(at, `${number} is too large for a number`);
    tokens.push({ kind, text: SPELLINGS.get(found) ?? found, at });
  }
  return tokens;
}

/** The error for a place in the formula; `at` is its column, from 1. */
export function failure(at: number, problem: string): UsageError {
  return new UsageError(`FORMULA, column ${at}: ${problem}`);
}
