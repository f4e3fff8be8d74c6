// What is fuzzed: real samples of every format, and the code that reads them as the command line does.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { explain } from "@shardgrad/core";
import {
  InputError,
  loadModel,
  loadState,
  loadWeights,
  readRowList,
  readTable,
} from "@shardgrad/parallel";
import {
  Bool, DateDay, Dictionary, FixedSizeList, Field, Float32, Int32, Int64, TimestampMillisecond, Utf8, Table, tableToIPC, vectorFromArray,
} from "apache-arrow"; // prettier-ignore
import { zipSync } from "fflate";
import { parquetWriteBuffer } from "hyparquet-writer";
import { npy } from "../npy.mjs";
import { checkTrain } from "../../../packages/cli/dist/check-train.js";
import { readConfigFile } from "../../../packages/cli/dist/config-file.js";
import { describe } from "../../../packages/cli/dist/explain/describe.js";
import { parseFormula } from "../../../packages/cli/dist/explain/formula.js";
import { formulaCircuit } from "../../../packages/cli/dist/explain/gates.js";
import { formatExplanation } from "../../../packages/cli/dist/explain/text.js";
import { explainOptions } from "../../../packages/cli/dist/options/teach.js";
import { trainOptions } from "../../../packages/cli/dist/options/train.js";
import { parse } from "../../../packages/cli/dist/parse.js";
import { readManifest } from "../../../packages/cli/dist/run-folder.js";
import { resolveSettings } from "../../../packages/cli/dist/settings.js";
import { UsageError } from "../../../packages/cli/dist/usage-error.js";

const require = createRequire(import.meta.url);
const program = fileURLToPath(new URL("../../../packages/cli/bin/shardgrad.js", import.meta.url));
const dataset = (name) =>
  readFileSync(require.resolve(`@observablehq/sample-datasets/${name}`), "utf8");
const firstLines = (text, count) => `${text.split("\n").slice(0, count).join("\n")}\n`;
const numbers = (count, of = (i) => i / 4) => Array.from({ length: count }, (_, i) => of(i));

/** Whether an error is one that input may cause. */
export const isRefusal = (error) => error instanceof InputError || error instanceof UsageError;

/**
 * The targets by name: samples, and what reads the bytes of a mutated one.
 * @param {string} folder for the files that are read
 */
export function makeTargets(folder) {
  const run = trainedRun(folder);
  const table = (name, samples) => ({
    samples,
    read: (bytes) => withFile(join(folder, name), bytes, readTable),
  });
  return {
    formula: {
      samples: [
        "(x+y)*z", "sigmoid(w*x+b)", "1/(1+exp(-(w1*x1+w2*x2+b)))", "max(0, x) - 0.5*y^2", "-x^2 + 2**3 · y ÷ z − 1e-3", "log(sqrt(x*x+1))", "tanh(x)*relu(y)",
      ], // prettier-ignore
      read: async (bytes) => {
        const tree = parseFormula(bytes.toString());
        const circuit = formulaCircuit(
          tree,
          new Map(namesIn(tree).map((name, i) => [name, i - 1.5])),
        );
        formatExplanation(describe(explain(circuit.output, circuit.feeds), circuit.names, 4));
      },
    },
    point: {
      samples: ["x=-2,y=5,z=-4", "x=1e-3", "θ=3.5, x1=.5,y_2=+7"],
      read: async (bytes) =>
        void resolveSettings(explainOptions, new Map([["at", bytes.toString()]]), {}, null),
    },
    config: {
      samples: [
        readFileSync(join(run, "config.yaml")),
        JSON.stringify({
          data: "a.csv",
          target: "b",
          hidden: [32, 16],
          lr: 0.01,
          types: { a: "text" },
        }),
        "data: &d a.csv\ntest: *d\nepochs: 20\nhidden: [32, 16]\nlr: 1e-3\nencode:\n  a: standard\n# comment\nloss: crossEntropy\n",
      ],
      read: (bytes) =>
        withFile(join(folder, "config.yaml"), bytes, async (path) => {
          checkTrain(
            resolveSettings(trainOptions, new Map(), {}, await readConfigFile(path, trainOptions)),
          );
        }),
    },
    flags: {
      samples: [
        "train a.csv --target b --hidden 32,16 --lr 0.01 --epochs 3 --workers 2 --save-every 30s",
        "explain (x+y)*z --at x=1,y=2,z=3 --json", "predict runs/a b.csv --format jsonl --probabilities",
      ].map((line) => line.replaceAll(" ", "\n")), // prettier-ignore
      read: async (bytes) => {
        const words = bytes.toString().split("\n").slice(0, 200);
        if (words.some((word) => ["--help", "--version"].includes(word))) return; // would be printed
        const parsed = await parse(words, "0");
        if (parsed?.command === "train")
          checkTrain(resolveSettings(trainOptions, parsed.flags, {}, null));
      },
    },
    manifest: {
      samples: [readFileSync(join(run, "manifest.json"))],
      read: (bytes) => withFile(join(folder, "manifest.json"), bytes, () => readManifest(folder)),
    },
    rows: {
      samples: ["[0, 1, 2, 5, 8]", '{"train": [1, 2], "test": [3, 4]}', "0\n3\n7\n"],
      read: (bytes) =>
        withFile(join(folder, "rows.json"), bytes, async (path) => {
          const keyed = bytes.includes("{");
          await readRowList(path, 10, keyed ? "train" : undefined);
        }),
    },
    safetensors: {
      samples: ["model.safetensors", "checkpoints/last.safetensors"].map((name) =>
        readFileSync(join(run, name)),
      ),
      read: (bytes) =>
        withFile(join(folder, "m.safetensors"), bytes, async (path) => {
          const spec = (await model(run)).spec;
          await anyOf([
            () => loadModel(path, { ops: null }),
            () => loadState(path),
            () => loadWeights(path, spec),
          ]);
        }),
    },
    csv: table("t.csv", [
      firstLines(dataset("penguins.csv"), 60),
      firstLines(dataset("diamonds.csv"), 40),
      'id,wert,"text mit ""Anführung"""\r\n1,"0,5",ja\r\n2,"1,5",nein\r\n',
    ]),
    tsv: table("t.tsv", ['a\tb\tc\n1\t"x\ty"\t2024-01-31\n2\t\t2024-02-01T10:00:00Z\n']),
    "csv.gz": table("t.csv.gz", [gzipSync(firstLines(dataset("penguins.csv"), 60))]),
    jsonl: table("t.jsonl", [
      numbers(30, (i) =>
        JSON.stringify({ a: i, b: `x${i % 5}`, c: i % 7 ? i / 3 : null, d: i % 2 === 0 }),
      ).join("\n"),
      numbers(12, (i) => JSON.stringify({ v: [i, 2, 3], s: 'é\u2028"' })).join("\n"),
    ]),
    idx: table("t-images-idx3-ubyte", [idx([5, 4, 4]), idx([6, 3]), idx([4, 2, 2, 1])]),
    npy: table("t.npy", [
      npy("<f8", [20, 3], numbers(60)), npy(">i2", [12], numbers(12, (i) => i)), npy("|u1", [4, 5], numbers(20, (i) => i)), npy("<i8", [3, 4], numbers(12, (i) => i), true),
    ]), // prettier-ignore
    npz: table("t.npz", [
      zipSync({
        "x.npy": npy("<f4", [10, 2], numbers(20)),
        "y.npy": npy(
          "<i4",
          [10],
          numbers(10, (i) => i),
        ),
      }),
      zipSync({ "x.npy": npy("<f4", [10, 2], numbers(20)) }, { level: 0 }),
    ]),
    arrow: table("t.arrow", [arrow("file"), arrow("stream")]),
    parquet: table("t.parquet", ["UNCOMPRESSED", "SNAPPY"].map(parquet)),
  };
}

/** The variables of a formula, but for the constants. */
function namesIn(tree) {
  const names = new Set();
  const walk = (part) => {
    if (part.kind === "name" && !["pi", "e"].includes(part.name)) names.add(part.name);
    for (const inner of [part.of, part.left, part.right, ...(part.args ?? [])])
      if (inner) walk(inner);
  };
  walk(tree);
  return [...names];
}

let loaded;
const model = (run) => (loaded ??= loadModel(run, { ops: null }));

/** A run of the command line, for real files of its own. */
function trainedRun(folder) {
  const data = join(folder, "penguins.csv");
  const run = join(folder, "run");
  writeFileSync(
    data,
    dataset("penguins.csv")
      .split("\n")
      .filter((_, i) => i % 5 === 0)
      .join("\n"),
  );
  const args = [
    "train",
    data,
    "--target",
    "species",
    "--hidden",
    "4",
    "--epochs",
    "1",
    "--patience",
    "1",
    "--out",
    run,
    "--quiet",
    "--force",
  ];
  execFileSync(process.execPath, [program, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  return run;
}

async function withFile(path, bytes, read) {
  writeFileSync(path, bytes);
  await read(path);
}

/** Does all of them. Throws an error that is no refusal, or the first refusal when no read succeeds. */
async function anyOf(reads) {
  const errors = [];
  for (const read of reads) await read().catch((error) => errors.push(error));
  const broken = errors.find((error) => !isRefusal(error));
  if (broken !== undefined || errors.length === reads.length) throw broken ?? errors[0];
}

function idx(sizes) {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head[2] = 8; // bytes
  head[3] = sizes.length;
  sizes.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([
    head,
    Buffer.alloc(
      sizes.reduce((a, b) => a * b),
      1,
    ),
  ]);
}

function arrow(format) {
  const vectors = {
    number: vectorFromArray(numbers(30, (i) => (i % 4 ? i / 3 : null)), new Float32()),
    whole: vectorFromArray(numbers(30, (i) => i), new Int32()),
    big: vectorFromArray(numbers(30, (i) => BigInt(i)), new Int64()),
    flag: vectorFromArray(numbers(30, (i) => i % 2 === 0), new Bool()),
    text: vectorFromArray(numbers(30, (i) => `é${i}`), new Utf8()),
    category: vectorFromArray(numbers(30, (i) => `c${i % 4}`), new Dictionary(new Utf8(), new Int32())),
    day: vectorFromArray(numbers(30, (i) => new Date(86_400_000 * i)), new DateDay()),
    time: vectorFromArray(numbers(30, (i) => 1e9 * i), new TimestampMillisecond()),
    list: vectorFromArray(numbers(30, (i) => [i, i + 1]), new FixedSizeList(2, new Field("item", new Float32()))),
  }; // prettier-ignore
  return tableToIPC(new Table(vectors), format);
}

function parquet(codec) {
  return new Uint8Array(
    parquetWriteBuffer({
      codec,
      columnData: [
        { name: "a", data: numbers(40, (i) => i / 2), type: "DOUBLE" },
        {
          name: "b",
          data: numbers(40, (i) => (i % 5 ? `x${i % 5}` : null)),
          type: "STRING",
          nullable: true,
        },
        { name: "c", data: numbers(40, (i) => i), type: "INT32" },
        { name: "d", data: numbers(40, (i) => i % 2 === 0), type: "BOOLEAN" },
        { name: "e", data: numbers(40, (i) => new Date(86_400_000 * i)), type: "TIMESTAMP" },
      ],
    }),
  );
}
