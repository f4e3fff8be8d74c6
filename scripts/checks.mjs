// The checks of the sources, each with the command that runs it: `npm run lint` runs all of them, or those named.
import { join } from "node:path";
import { isMain, nodeOutput, root, tool } from "./run.mjs";

/**
 * Every check by name: what holds when it passes, and how to run it.
 * @type {Record<string, { fact: string, run: () => Promise<{ code: number, output: string }> }>}
 */
export const checks = {
  lint: {
    fact: "oxlint finds nothing: promises, determinism, import direction and cycles",
    run: () =>
      nodeOutput(
        tool("test", "oxlint"),
        ["--type-aware", "--deny-warnings", "--report-unused-disable-directives"],
        // The type-aware part is a program of its own; it is looked for upwards from here, so say where it is.
        { env: { ...process.env, OXLINT_TSGOLINT_PATH: join(root, "test/node_modules/.bin") } },
      ),
  },
  format: {
    fact: "every source is formatted",
    run: () => nodeOutput(tool("test", "oxfmt"), ["--check"]),
  },
  types: {
    fact: "tests and scripts compile",
    run: () => nodeOutput(tool(".", "typescript", "tsc"), ["-p", "test", "--pretty", "false"]),
  },
  unused: {
    fact: "every file, export and dependency is used",
    run: () => nodeOutput(tool("test", "knip"), ["--no-progress", "--no-config-hints"]),
  },
};

if (isMain(import.meta.url)) {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(checks);
  for (const name of names) {
    const check = checks[name];
    if (!check) throw new Error(`checks: "${name}" is none of ${Object.keys(checks).join(", ")}`);
    const { code, output } = await check.run();
    console.log(`${code === 0 ? "ok    " : "failed"} ${name}: ${check.fact}`);
    if (code !== 0) {
      console.log(output);
      process.exitCode = 1;
    }
  }
}
