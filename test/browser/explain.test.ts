// The page of `shardgrad explain --out` in a real browser: it shows what it should and asks for nothing.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser } from "../../test-browser/page.mjs";
import { succeed, temporaryFolder } from "../cli/support.js";

const { folder, remove } = temporaryFolder();
let browser: Awaited<ReturnType<typeof startBrowser>>;

beforeAll(async () => {
  browser = await startBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  remove();
});

describe("the page of (x+y)*z", () => {
  it.each(["light", "dark"] as const)(
    "shows every value and gradient, in %s colours, and loads nothing",
    async (colorScheme) => {
      await succeed(["explain", "(x+y)*z", "--at", "x=-2,y=5,z=-4", "--out", "graph.html"], {
        cwd: folder,
      });
      const page = await browser.newPage({ colorScheme });
      const requests: string[] = [];
      const problems: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("console", (message) => problems.push(message.text()));
      page.on("pageerror", (error) => problems.push(error.message));
      const address = pathToFileURL(join(folder, "graph.html")).href;
      await page.goto(address);
      expect(requests).toEqual([address]);
      expect(problems).toEqual([]);
      expect(await page.title()).toBe("(x+y)*z");
      const texts = await page.locator("svg text").allTextContents();
      expect(texts.sort()).toEqual(
        [
          "+",
          "-12",
          "-2",
          "-4",
          "-4",
          "-4",
          "-4",
          "1",
          "3",
          "5",
          "f = -12",
          "q = 3",
          "x",
          "y",
          "z",
          "×",
        ]
          .filter((text) => text !== "-12")
          .sort(),
      );
      const rows = await page.locator("tbody tr").allInnerTexts();
      expect(rows.map((row) => row.replaceAll(/\s+/g, " ").trim())).toEqual([
        "f = q × z swap multiplier q 1 -4 -4",
        "z 1 3 3",
        "q = x + y distributor x -4 1 -4",
        "y -4 1 -4",
      ]);
      await page.close();
    },
  );

  it("no text of the picture lies on another one, or outside", async () => {
    await succeed(
      ["explain", "max(x,y,0)*x + x^2 - 3*sin(x/2)", "--at", "x=3,y=-4", "--out", "large.html"],
      { cwd: folder },
    );
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    await page.goto(pathToFileURL(join(folder, "large.html")).href);
    const boxes = await page.locator("svg text").evaluateAll((texts) =>
      texts.map((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return { left, right, top, bottom, text: text.textContent };
      }),
    );
    const frame = (await page.locator("svg").boundingBox())!;
    const touching = boxes.flatMap((a, i) =>
      boxes
        .slice(i + 1)
        .flatMap((b) =>
          a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom
            ? [`${a.text} / ${b.text}`]
            : [],
        ),
    );
    expect(boxes.length).toBeGreaterThan(30);
    expect(touching).toEqual([]);
    for (const { left, right } of boxes) {
      expect(left).toBeGreaterThanOrEqual(frame.x);
      expect(right).toBeLessThanOrEqual(frame.x + frame.width);
    }
    await page.close();
  });
});
