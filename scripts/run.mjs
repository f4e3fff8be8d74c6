// Runs commands for the other scripts: the pinned package manager, kept tools by their entry file, and Node itself.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the workspace. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * Runs `file` with this Node and the terminal's own streams; returns its exit code.
 * @param {string} file
 * @param {readonly string[]} [args]
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function node(file, args = [], options = {}) {
  return exitCode(
    spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: "inherit", ...options }),
  );
}

/**
 * Runs the package manager at the version that package.json pins; returns its exit code.
 * `command` is one string for the shell, because `npx` is a batch file on Windows and only a shell starts it.
 * @param {string} command
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function pnpm(command, options = {}) {
  const { packageManager } = readJson(join(root, "package.json"));
  return exitCode(
    spawnSync(`npx -y ${packageManager} ${command}`, {
      cwd: root,
      stdio: "inherit",
      shell: true,
      ...options,
    }),
  );
}

/** @param {import("node:child_process").SpawnSyncReturns<unknown>} result */
function exitCode({ status, error }) {
  if (error) throw error;
  return status ?? 1;
}

/**
 * The JavaScript entry file of the command `name`, as a workspace member (`.`, `test`, `profile`, …) has it installed.
 * Starting that file with Node works on every system; the wrappers in `.bin` differ between them.
 * @param {string} member
 * @param {string} packageName
 * @param {string} [name]
 */
export function tool(member, packageName, name = packageName) {
  const folder = join(root, member, "node_modules", packageName);
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) {
    throw new Error(
      `${packageName} is not installed in ${member}/; run \`npm test\` once, it installs what the checks need`,
    );
  }
  const { bin } = readJson(manifest);
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}

/**
 * Runs `file` with this Node and collects what it writes.
 * @param {string} file
 * @param {readonly string[]} [args]
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function nodeOutput(file, args = [], options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: root,
      ...options,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * The flags for a command: `words` as given, after those of `defaults` that they do not give.
 * @param {Readonly<Record<string, string>>} defaults
 * @param {readonly string[]} words
 */
export function withDefaults(defaults, words) {
  const given = (/** @type {string} */ flag) =>
    words.some((word) => word === flag || word.startsWith(`${flag}=`));
  const flags = Object.entries(defaults).filter(([flag]) => !given(flag));
  return [...flags.map(([flag, value]) => `${flag}=${value}`), ...words];
}

/**
 * The value in a JSON file.
 * @param {string} file
 */
export function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/**
 * True when the module at `url` is the one that Node was started with.
 * @param {string} url
 */
export function isMain(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}
