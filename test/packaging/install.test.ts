// What users get: the packed packages, installed by npm into an empty folder, train from the shell and from a program.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeOutput, readJson, root, tool } from "../../scripts/run.mjs";

const packages = ["core", "parallel", "cli"] as const;

// Two clouds of points, by a small generator of its own: fixed numbers, no files.
const rows = Array.from({ length: 60 }, (_, i) => {
  const noise = ((i * 7919) % 101) / 101;
  return i % 2 === 0 ? [1 + noise, 2 - noise, "left"] : [-1 - noise, -2 + noise, "right"];
});
const csv = `x,y,side\n${rows.map((row) => row.join(",")).join("\n")}\n`;

// A program as a user would write it; compiled strictly, then run.
const program = `
import { type RunResult, Trainer, datasetFromArrays } from "@shardgrad/parallel";
import { dense, sequential } from "@shardgrad/core";

const x: number[][] = [];
const y: string[] = [];
for (let i = 0; i < 64; i++) {
  const side = i % 2 === 0 ? 1 : -1;
  x.push([side, side * (1 + i / 64)]);
  y.push(side > 0 ? "up" : "down");
}
const trainer: Trainer = new Trainer({
  model: sequential(2, [dense(4, { activation: "relu" }), dense(2)]),
  data: datasetFromArrays(x, y),
  batchSize: 16,
  epochs: 3,
  workers: 2,
});
try {
  const run = trainer.run();
  let epochs = 0;
  for await (const event of run) if (event.type === "epoch") epochs += 1;
  const result: RunResult = await run.result;
  console.log(JSON.stringify({ epochs, hash: result.hash, workers: result.workers }));
} finally {
  await trainer.close();
}
`;

const tsconfig = {
  compilerOptions: {
    target: "es2023",
    lib: ["es2023", "esnext.disposable", "dom"],
    module: "nodenext",
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    types: ["node"],
  },
  files: ["program.ts"],
};

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

describe("the packed packages", () => {
  let folder: string;
  let manifests: readonly { readonly folder: string; readonly manifest: Manifest }[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "shardgrad-install-"));
    const { packageManager } = readJson(join(root, "package.json")) as { packageManager: string };
    for (const name of packages) {
      await shell(`npx -y ${packageManager} pack --pack-destination ${JSON.stringify(folder)}`, {
        cwd: join(root, "packages", name),
      });
    }
    const tarballs = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
    writeFileSync(join(folder, "data.csv"), csv);
    writeFileSync(join(folder, "program.ts"), program);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    const specs = tarballs.map((name) => `./${name}`).join(" ");
    await shell(`npm install --prefer-offline --no-audit --no-fund ${specs} @types/node@20.19.0`, {
      cwd: folder,
    });
    manifests = installedPackages(join(folder, "node_modules"));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const cli = (line: string): Promise<string> => shell(`npx shardgrad ${line}`, { cwd: folder });

  it("run nothing when they are installed", () => {
    expect(manifests.length).toBeGreaterThan(packages.length);
    const scripts = manifests.flatMap((entry) => {
      const names = ["preinstall", "install", "postinstall"].filter(
        (name) => entry.manifest.scripts?.[name] !== undefined,
      );
      // npm compiles a package that holds a binding.gyp, script or not.
      if (existsSync(join(entry.folder, "binding.gyp"))) names.push("binding.gyp");
      return names.map((name) => `${entry.manifest.name}: ${name}`);
    });
    expect(scripts).toEqual([]);
  });

  it("name versions of each other, not places in a workspace", () => {
    for (const name of ["@shardgrad/core", "@shardgrad/parallel", "shardgrad"]) {
      const found = manifests.filter(({ manifest }) => manifest.name === name);
      expect(found, `one ${name}`).toHaveLength(1);
      expect(JSON.stringify(found[0]?.manifest.dependencies ?? {})).not.toContain("workspace:");
    }
  });

  it("hold their licence and no leftovers of the build", () => {
    for (const name of ["@shardgrad/core", "@shardgrad/parallel", "shardgrad"]) {
      const files = readdirSync(join(folder, "node_modules", name), {
        recursive: true,
        encoding: "utf8",
      });
      expect(files).toContain("LICENSE");
      expect(files.filter((file) => /tsbuildinfo|\.test\.|sha256$/.test(file))).toEqual([]);
    }
  });

  it("answer npx shardgrad --help", async () => {
    expect(await cli("--help")).toContain("train");
  });

  it("train from the shell", async () => {
    await cli("train data.csv --target side --hidden 4 --epochs 2 --out run");
    expect(existsSync(join(folder, "run", "model.safetensors"))).toBe(true);
  });

  it("type-check and train from a program", async () => {
    const compiled = await nodeOutput(tool(".", "typescript", "tsc"), ["-p", folder], {
      cwd: folder,
    });
    expect(compiled.code, compiled.output).toBe(0);
    const ran = await nodeOutput("program.js", [], { cwd: folder });
    expect(ran.code, ran.output).toBe(0);
    expect(JSON.parse(ran.output)).toMatchObject({ epochs: 3, workers: 2 });
  });
});

/** Every package folder below `nodeModules`, nested ones too. */
function installedPackages(nodeModules: string): { folder: string; manifest: Manifest }[] {
  return (
    readdirSync(nodeModules, { recursive: true, encoding: "utf8" })
      .filter((file) => /(^|[\\/])package\.json$/.test(file))
      .map((file) => {
        const path = join(nodeModules, file);
        return {
          folder: join(path, ".."),
          manifest: JSON.parse(readFileSync(path, "utf8")) as Manifest,
        };
      })
      // A package.json without a version only says how the files beside it are to be loaded.
      .filter(({ manifest }) => manifest.name !== undefined && manifest.version !== undefined)
  );
}

/** Runs a command line in the system's shell; resolves to what it prints, throws when it fails. */
function shell(line: string, options: { readonly cwd: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    // The variables that npm sets for its scripts would steer the npm started here.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")),
    );
    const child = spawn(line, { ...options, env, shell: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${line}: exit code ${code}\n${output}\n${errors}`));
    });
  });
}
