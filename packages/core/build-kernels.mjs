// Compiles assembly/*.ts twice, for f32 and for f64, into dist/kernels-f32.wasm and dist/kernels-f64.wasm.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync, existsSync } from "node:fs";
import asc from "assemblyscript/asc";

const source = new URL("./assembly/", import.meta.url);
const target = new URL("./dist/", import.meta.url);
const files = readdirSync(source)
  .filter((name) => name.endsWith(".ts"))
  .sort();
const texts = new Map(files.map((name) => [name, readFileSync(new URL(name, source), "utf8")]));

const hash = createHash("sha256").update(readFileSync(new URL(import.meta.url)));
for (const [name, text] of texts) hash.update(name).update("\0").update(text);
const fingerprint = hash.digest("hex");
const stamp = new URL("kernels.sha256", target);
const upToDate =
  existsSync(stamp) &&
  readFileSync(stamp, "utf8") === fingerprint &&
  ["f32", "f64"].every((real) => existsSync(new URL(`kernels-${real}.wasm`, target)));

if (!upToDate) {
  mkdirSync(target, { recursive: true });
  for (const real of ["f32", "f64"]) {
    const { error, stderr } = await asc.main(
      // --debug keeps the function names for profilers; it changes no code.
      // 65536 pages (4 GiB) as the declared maximum lets any smaller shared memory be imported.
      [
        "index.ts",
        "--outFile",
        `kernels-${real}.wasm`,
        "--debug",
        "-O3",
        "--noAssert",
        "--runtime",
        "stub",
        "--enable",
        "simd",
        "--enable",
        "threads",
        "--importMemory",
        "--noExportMemory",
        "--sharedMemory",
        "--initialMemory",
        "1",
        "--maximumMemory",
        "65536",
      ],
      {
        readFile: (name) => {
          const text = texts.get(name) ?? null;
          return name === "real.ts" && text !== null
            ? text.replace("type real = f32", `type real = ${real}`)
            : text;
        },
        writeFile: (name, contents) => {
          if (name.endsWith(".wasm")) writeFileSync(new URL(name, target), contents);
        },
        listFiles: () => [],
      },
    );
    if (error) {
      process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
      process.exit(1);
    }
  }
  writeFileSync(stamp, fingerprint);
}
