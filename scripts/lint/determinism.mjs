// An oxlint plugin: bans in the packages what gives other bits, or other text, on another Node, CPU or time zone.

// Exactly rounded everywhere by the language standard; everything else of Math is left to the engine.
const exactMath = new Set([
  "abs",
  "min",
  "max",
  "floor",
  "ceil",
  "trunc",
  "round",
  "sign",
  "fround",
  "imul",
  "clz32",
  "sqrt",
  "E",
  "LN2",
  "LN10",
  "LOG2E",
  "LOG10E",
  "PI",
  "SQRT1_2",
  "SQRT2",
]);

const bannedMembers = new Map([
  ["localeCompare", "orders by locale; compare by code unit with < and >"],
  ["toLocaleString", "depends on the locale"],
  ["toLocaleDateString", "depends on the locale"],
  ["toLocaleTimeString", "depends on the locale"],
  ["toLocaleUpperCase", "depends on the locale; use toUpperCase"],
  ["toLocaleLowerCase", "depends on the locale; use toLowerCase"],
  ["getTimezoneOffset", "depends on the time zone"],
  ...["FullYear", "Month", "Date", "Day", "Hours", "Minutes"].flatMap((part) => [
    [`get${part}`, `depends on the time zone; use getUTC${part}`],
    [`set${part}`, `depends on the time zone; use setUTC${part}`],
  ]),
]);

const determinism = {
  meta: { type: "problem" },
  create(context) {
    const report = (node, message) => context.report({ node, message });
    const powers = (node) =>
      report(
        node,
        "** and Math.pow differ between Node versions; multiply, or use pow of the scalar module",
      );
    return {
      MemberExpression(node) {
        const name = memberName(node);
        if (isGlobal(context, node.object, "globalThis")) {
          if (["Math", "Intl", "Date"].includes(name)) {
            report(node, `write ${name} without globalThis, so that this check can follow it`);
          }
        } else if (isGlobal(context, node.object, "Math")) {
          if (name === undefined) report(node, "Math[…] hides which function is called; name it");
          else if (!exactMath.has(name)) {
            report(
              node,
              `Math.${name} differs between Node versions and CPUs; use the scalar module or a kernel`,
            );
          }
        } else if (isGlobal(context, node.object, "Date") && name === "parse") {
          report(
            node,
            "Date.parse reads a text without a zone as local time; use Date.UTC on its parts",
          );
        } else if (bannedMembers.has(name)) {
          report(node, `${name} ${bannedMembers.get(name)}`);
        }
      },
      Identifier(node) {
        if (!isGlobal(context, node, node.name)) return;
        if (node.name === "Intl") report(node, "Intl depends on the ICU data of this Node");
        // `Math` alone is an alias or a destructuring, behind which the check above cannot see.
        if (
          node.name === "Math" &&
          !(node.parent.type === "MemberExpression" && node.parent.object === node)
        ) {
          report(node, "use Math through its members, as in Math.abs");
        }
      },
      BinaryExpression(node) {
        if (node.operator === "**" && !isExactPower(node)) powers(node);
      },
      AssignmentExpression(node) {
        if (node.operator === "**=") powers(node);
      },
      NewExpression(node) {
        if (!isGlobal(context, node.callee, "Date")) return;
        const [first] = node.arguments;
        const text = first?.type === "TemplateLiteral" || typeof first?.value === "string";
        if (text || node.arguments.length > 1) {
          report(
            node,
            "new Date of a text or of parts reads local time; use new Date(Date.UTC(…))",
          );
        }
      },
      Literal(node) {
        if (node.regex && /\\p\{/iu.test(node.regex.pattern)) {
          report(node, "\\p{…} depends on the Unicode tables of this Node; list the characters");
        }
      },
    };
  },
};

/** True for a power of literals that every engine computes exactly: 2 ** -140, 2n ** 64n, 1000 ** 3. */
function isExactPower({ left, right }) {
  const negative = right.type === "UnaryExpression" && right.operator === "-";
  const exponent = negative ? right.argument : right;
  if (left.type !== "Literal" || exponent.type !== "Literal") return false;
  if (typeof left.value === "bigint") return true;
  if (!Number.isInteger(exponent.value)) return false;
  if (left.value === 2) return true;
  return (
    !negative &&
    Number.isSafeInteger(left.value) &&
    Number.isSafeInteger(left.value ** exponent.value)
  );
}

/** The name that a member expression reads, or undefined when it is computed. */
function memberName(node) {
  if (!node.computed) return node.property.name;
  return typeof node.property.value === "string" ? node.property.value : undefined;
}

/** True for an identifier that is the global `name`: neither a property, a key, nor a name declared in the file. */
function isGlobal(context, node, name) {
  if (node.type !== "Identifier" || node.name !== name) return false;
  const { parent } = node;
  if (parent.type === "MemberExpression" && parent.property === node && !parent.computed)
    return false;
  if (parent.type === "Property" && parent.key === node && !parent.computed && !parent.shorthand)
    return false;
  for (let scope = context.sourceCode.getScope(node); scope; scope = scope.upper) {
    const variable = scope.set.get(name);
    if (variable) return variable.defs.length === 0;
  }
  return true;
}

export default { meta: { name: "shardgrad" }, rules: { determinism } };
