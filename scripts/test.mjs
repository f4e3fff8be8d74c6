// Everything that `npm test` does: install, build, run the checks and tests with coverage, and count the results.
// Words after `npm test --` are passed on to vitest; `--long` runs the long tests instead, without coverage.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { node, readJson, root, tool } from "./run.mjs";

const results = join(root, ".cache", "test-results.json");

install("tests");
// The compiler writes its output in spite of type errors, so the tests can still tell what works.
const buildCode = build();
if (buildCode !== 0) console.error("test: the build failed; the tests run on what it wrote");

const words = process.argv.slice(2);
const long = words.includes("--long");
rmSync(results, { force: true });
const testCode = node(tool("test", "vitest"), [
  "run",
  long ? "--config=test/vitest.long.config.ts" : "--config=test/vitest.config.ts",
  ...(long ? [] : ["--coverage"]),
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${results}`,
  ...words.filter((word) => word !== "--long"),
]);
process.exitCode = testCode || buildCode;
if (buildCode !== 0)
  console.error("\ntest: the build failed, as said above; this run counts as failed");

if (existsSync(results)) {
  /** @type {{ numPassedTests: number, numFailedTests: number, testResults: { status: string, assertionResults: unknown[] }[] }} */
  const { numPassedTests, numFailedTests, testResults } = readJson(results);
  // A file that breaks before its first test has failed without a failed test to its name.
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  console.log(`\n${numPassedTests} passed, ${numFailedTests + brokenFiles.length} failed`);
} else {
  console.error("test: vitest wrote no results");
  process.exitCode ||= 1;
}
