// Installs a set of workspace members, unless that set was installed before from the same manifests and lockfile.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pnpm, root } from "./run.mjs";

// What each set asks of the package manager. A filtered install leaves the other members' packages where they are.
const filters = {
  training: "--filter . --filter shardgrad... --filter @shardgrad/examples",
  tests: "--filter !@shardgrad/profile",
  profile: "--filter . --filter shardgrad... --filter @shardgrad/profile",
};
// The sets that contain another one: after `tests`, nothing is left to install for `training`.
/** @type {Record<keyof typeof filters, readonly string[]>} */
const within = { training: ["training", "tests"], tests: ["tests"], profile: ["profile"] };

/**
 * Makes sure that the packages of `set` are installed; ends the process if that fails.
 * @param {keyof typeof filters} set
 */
export function install(set) {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`install: this is Node ${process.versions.node}; shardgrad needs 20.19 or later`);
    process.exit(1);
  }
  const fingerprint = manifestHash();
  const stamps = join(root, "node_modules", ".shardgrad");
  const done = (/** @type {string} */ name) => {
    const file = join(stamps, name);
    return existsSync(file) && readFileSync(file, "utf8") === fingerprint;
  };
  if (within[set].some(done)) return;
  const code = pnpm(`install --frozen-lockfile --prefer-offline ${filters[set]}`);
  if (code !== 0) {
    console.error(
      `install: the package manager ended with code ${code}; is the npm registry reachable?`,
    );
    process.exit(code);
  }
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, set), fingerprint);
}

/** A hash of everything that decides what an install does: lockfile, manifests, settings and the platform. */
function manifestHash() {
  const folders = [
    ".",
    "test",
    "test-browser",
    "test-onnx",
    "test-sql",
    "bench",
    "examples",
    "profile",
  ];
  for (const name of readdirSync(join(root, "packages"))) folders.push(`packages/${name}`);
  const files = [
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ".npmrc",
    ...folders.map((folder) => `${folder}/package.json`),
  ];
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const file of files.toSorted()) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(`\0${file}\0`).update(readFileSync(path));
  }
  return hash.digest("hex");
}
