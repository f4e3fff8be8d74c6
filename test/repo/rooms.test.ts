import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const dataset = fileURLToPath(new URL("../../packages/parallel/src/dataset/", import.meta.url));
const ROOMS = ["table", "read", "encode", "split", "stream"]; // in the order of ARCHITECTURE.md

describe("the rooms of packages/parallel/src/dataset", () => {
  it("are these, and no file is outside of them", () => {
    expect(readdirSync(dataset).sort()).toEqual([...ROOMS].sort());
  });

  it.each(ROOMS)("%s imports from itself and the rooms before it alone", (room) => {
    const files = readdirSync(`${dataset}${room}`);
    const later = ROOMS.slice(ROOMS.indexOf(room) + 1);
    const imports = files.flatMap((file) =>
      [...readFileSync(`${dataset}${room}/${file}`, "utf8").matchAll(/"\.\.\/(\w+)\//g)]
        .map((match) => match[1] ?? "")
        .filter((other) => later.includes(other))
        .map((other) => `${file} → ${other}`),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(imports).toEqual([]);
  });
});
