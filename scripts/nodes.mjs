// Runs the golden-hash tests and the examples under every supported Node: `npm run test:nodes`, or `npm run test:nodes -- 24` for one.
import { spawnSync } from "node:child_process";
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { node, root, tool } from "./run.mjs";

/** One release of each supported line, as the npm packages `node-<system>-<cpu>` carry them. */
const releases = ["20.20.2", "22.23.3", "24.21.0", "26.10.0"];

const words = process.argv.slice(2);
if (words[0] === "--inside") {
  // Started by the loop below under the release in question.
  if (process.version !== `v${words[1]}`) {
    throw new Error(`nodes: this is Node ${process.version}, not ${words[1]}`);
  }
  const vitest = tool("test", "vitest");
  process.exitCode = node(vitest, [
    "run",
    "--config=test/vitest.config.ts",
    "test/golden",
    "test/parallel/examples",
    "test/parallel/hash-parity",
  ]);
} else {
  install("tests");
  process.exitCode = build() || runAll(words);
}

/** @param {readonly string[]} majors */
function runAll(majors) {
  const system = process.platform === "win32" ? "win" : process.platform;
  const failed = [];
  for (const release of releases) {
    if (majors.length > 0 && !majors.includes(release.split(".")[0] ?? "")) continue;
    console.log(`\nNode ${release}`);
    // One string for the shell, because npx is a batch file on Windows.
    const { status } = spawnSync(
      `npx -y -p node-${system}-${process.arch}@${release} -c "node scripts/nodes.mjs --inside ${release}"`,
      { cwd: root, stdio: "inherit", shell: true },
    );
    if (status !== 0) failed.push(release);
  }
  if (failed.length > 0) console.error(`\nfailed under Node ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}
