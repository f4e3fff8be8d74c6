// The checks of `npm run lint`, one test each, so that `npm test` counts them.
import { describe, expect, it } from "vitest";
import { checks } from "../../scripts/checks.mjs";

describe("the sources", () => {
  for (const [name, { fact, run }] of Object.entries(checks)) {
    it(`${name}: ${fact}`, { timeout: 120_000 }, async () => {
      const { code, output } = await run();
      expect(code, output).toBe(0);
    });
  }
});
