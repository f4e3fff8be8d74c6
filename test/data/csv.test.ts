import { gzipSync } from "node:zlib";
import { columnOf, readTable, type Column, type Table } from "@shardgrad/parallel";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectInputError, sample, temporaryFiles } from "./support.js";

const { file } = temporaryFiles();

/** The cells of a column as a program would hold them. */
function cells(column: Column): (number | string | null)[] {
  if (column.kind === "number")
    return Array.from(column.values, (value, i) => (column.valid?.[i] === 0 ? null : value));
  if (column.kind === "text")
    return Array.from(column.codes, (code) => column.values[code] ?? null);
  throw new Error(`a ${column.kind} column`);
}

function read(text: string, name = "table.csv"): Promise<Table> {
  return readTable(file(name, text));
}

describe("a CSV file", () => {
  it("gives number and text columns with their missing cells", async () => {
    const table = await read("a,b\n1,x\n,y\n2.5e1,\nNA,x\n");
    expect(table.rows).toBe(4);
    expect(cells(columnOf(table, "a"))).toEqual([1, null, 25, null]);
    expect(cells(columnOf(table, "b"))).toEqual(["x", "y", null, "x"]);
  });

  it("may have a byte order mark, CRLF, quoted cells with commas, quotes and line breaks", async () => {
    const table = await read('\uFEFFa,"b, c"\r\n1,"x ""y"",\r\nz"\r\n2,w\r\n');
    expect(table.columns.map((column) => column.name)).toEqual(["a", "b, c"]);
    expect(cells(columnOf(table, "b, c"))).toEqual(['x "y",\r\nz', "w"]);
  });

  it("may mix line endings and lack the last one", async () => {
    const table = await read("a,b\r\n1,2\n3,4\r\n5,6");
    expect(cells(columnOf(table, "b"))).toEqual([2, 4, 6]);
  });

  it("may end in empty lines", async () => {
    expect((await read("a,b\n1,2\n\n\n")).rows).toBe(1);
  });

  it("of one column takes an empty line for a missing cell", async () => {
    expect(cells(columnOf(await read("a\n1\n\n2\n"), "a"))).toEqual([1, null, 2]);
  });

  it("is separated by tabs when it is called .tsv", async () => {
    expect((await read("a\tb\n1\t2,5\n", "table.tsv")).columns).toHaveLength(2);
  });

  it("is unpacked when its content is gzip, whatever its name", async () => {
    const table = await readTable(file("packed.csv", gzipSync("a,b\n1,2\n")));
    expect(cells(columnOf(table, "b"))).toEqual([2]);
  });

  it("keeps text as it is and allows blanks around numbers", async () => {
    const table = await read("a,b\n 1 , x\n2,y \n");
    expect(cells(columnOf(table, "a"))).toEqual([1, 2]);
    expect(cells(columnOf(table, "b"))).toEqual([" x", "y "]);
  });
});

describe("a number", () => {
  it.each([
    "0x10",
    "Infinity",
    "-inf",
    "1e400",
    "1_000",
    "1,5",
    "１",
    "1 2",
    "+",
    ".",
    "e5",
    "0b1",
  ])("is not %s", async (cell) => {
    const table = await read(`a,b\n1,"${cell}"\n2,3\n`);
    expect(columnOf(table, "b").kind).toBe("text");
  });

  it.each([
    ["+1", 1],
    ["-0.5", -0.5],
    [".5", 0.5],
    ["5.", 5],
    ["1E+3", 1000],
    ["007", 7],
    ["1e-400", 0],
  ])("may be written %s", async (cell, value) => {
    expect(cells(columnOf(await read(`a\n${cell}\n`), "a"))).toEqual([value]);
  });

  it("is read to the last bit", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
        async (values) => {
          const table = await read(`a\n${values.join("\n")}\n`);
          expect(cells(columnOf(table, "a"))).toEqual(values.map((value) => value + 0));
        },
      ),
      { numRuns: 50, seed: 7 },
    );
  });
});

describe("the type of a column", () => {
  it("is text, with a note, when one of many cells is no number", async () => {
    const table = await read("a\n1\n2\nn.a.\n4\n");
    expect(cells(columnOf(table, "a"))).toEqual(["1", "2", "n.a.", "4"]);
    expect(table.notes).toEqual([
      'column "a" is read as text: 1 of its 4 cells are not numbers ("n.a."; the first on line 4)',
    ]);
  });

  it("is found however late the cell that decides comes, with every cell as it was written", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i}.0`);
    rows[4000] = "x";
    const table = await read(`a\n${rows.join("\n")}\n`);
    expect(cells(columnOf(table, "a"))).toEqual(rows);
    expect(table.notes[0]).toContain('"x"; the first on line 4002');
  });

  it("can be stated", async () => {
    const path = file("typed.csv", "zip,b\n01234,1\n99999,2\n");
    const table = await readTable(path, { types: { zip: "text", other: "number" } });
    expect(cells(columnOf(table, "zip"))).toEqual(["01234", "99999"]);
  });

  it("stated as number is held against every cell", async () => {
    const path = file("forced.csv", "a,b\n1,2\n3,x y\n");
    await expectInputError(
      () => readTable(path, { types: { b: "number" } }),
      "forced.csv",
      "line 3",
      '"b"',
      '"x y"',
    );
  });

  it("of a column without any value is number", async () => {
    expect(cells(columnOf(await read("a,b\n,1\nNA,2\n"), "a"))).toEqual([null, null]);
  });
});

describe("a malformed CSV file", () => {
  it.each([
    ["too few cells", "a,b\n1,2\n3\n", ["line 3", "1 cells", "2", '"b"']],
    ["too many cells", "a,b\n1,2,9\n", ["line 2", "3 cells", '"9"']],
    ["an empty line", "a,b\n1,2\n\n3,4\n", ["line 3", "empty"]],
    ["a quote inside a cell", 'a,b\n1,x"y\n', ["line 2", "column 2", "quote"]],
    ["text after a closing quote", 'a,b\n1,2\n"x"y,2\n', ["line 3", "column 1", "quote"]],
    ["an unclosed quote", 'a,b\n"1\n2",2\n3,"4\n5,6\n', ["line 4", "column 2", "never closed"]],
    ["a line break inside quotes counted as a line", 'a,b\n"1\n2",3\n4\n', ["line 4", "1 cells"]],
    ["two columns of one name", "a,b,a\n1,2,3\n", ["line 1", '"a"', "rename"]],
    ["a column without a name", "a,,c\n1,2,3\n", ["line 1", "column 2 of 3"]],
    ["no rows", "a,b\n", ["no rows"]],
    ["no rows but empty lines", "a,b\n\n\n", ["no rows"]],
    ["another delimiter", "a;b\n1;2\n", ["line 1", '";"']],
    ["nothing in it", "", ["empty"]],
    ["zero bytes", "a,b\n1,\u00002\n", ["byte 6", "UTF-16"]],
  ])("with %s is refused in one line", async (_, text, parts) => {
    const path = file("malformed.csv", text);
    await expectInputError(() => readTable(path), path, ...parts);
  });

  it("in Latin-1 is refused in one line", async () => {
    const path = file("latin.csv", Buffer.from("a,b\n1,Zürich\n", "latin1"));
    await expectInputError(() => readTable(path), "latin.csv", "UTF-8");
  });

  it("in UTF-16 is refused in one line", async () => {
    const path = file("utf16.csv", Buffer.from("\uFEFFa,b\n1,2\n", "utf16le"));
    await expectInputError(() => readTable(path), "utf16.csv", "UTF-8");
  });

  it("of cut gzip data is refused in one line", async () => {
    const packed = gzipSync(
      `a,b\n${Array.from({ length: 999 }, (_, i) => `${i},${i * i}`).join("\n")}`,
    );
    const path = file("cut.csv.gz", packed.subarray(0, packed.length - 20));
    await expectInputError(() => readTable(path), "cut.csv.gz", "cut short");
  });

  it("of damaged gzip data is refused in one line", async () => {
    const packed = gzipSync("a,b\n1,2\n");
    packed.fill(255, 12, 18);
    const path = file("damaged.csv.gz", packed);
    await expectInputError(() => readTable(path), "damaged.csv.gz", "gzip");
  });
});

describe("any text", () => {
  it("is read or refused in one line, never anything else", async () => {
    const unit = fc.constantFrom("a", "1", ",", '"', "\n", "\r", "\r\n", " ", "é", "\t", ";", ".");
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, maxLength: 40 }), async (text) => {
        const outcome = await read(text, "any.csv").catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(outcome.name).toBe("InputError");
          expect(outcome.message).not.toContain("\n");
        } else {
          const { columns, rows } = outcome as Table;
          for (const column of columns) expect(cells(column)).toHaveLength(rows);
        }
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

describe("the sample tables", () => {
  it("penguins: 344 rows, seven columns, missing cells known", async () => {
    const table = await readTable(sample("penguins.csv"));
    expect(table.rows).toBe(344);
    expect(table.columns.map((column) => column.kind)).toEqual([
      "text",
      "text",
      "number",
      "number",
      "number",
      "number",
      "text",
    ]);
    expect(cells(columnOf(table, "body_mass_g")).filter((cell) => cell === null)).toHaveLength(2);
  });

  it("diamonds: 53,940 rows without a missing cell", async () => {
    const table = await readTable(sample("diamonds.csv"));
    expect(table.rows).toBe(53_940);
    const numbers = table.columns.filter((column) => column.kind === "number");
    expect(numbers.map((column) => column.name)).toEqual([
      "carat",
      "depth",
      "table",
      "price",
      "x",
      "y",
      "z",
    ]);
    expect(numbers.every((column) => column.valid === null)).toBe(true);
  });

  it("olympians: names with quotes and commas, heights missing", async () => {
    const table = await readTable(sample("olympians.csv"));
    expect(table.rows).toBe(11_538);
    expect(cells(columnOf(table, "height"))).toContain(null);
  });
});
