// How the tests run: against the built packages as Node loads them, with coverage mapped back to the sources.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/long/**", "**/node_modules/**"],
    // Tests start threads of their own: more than two files at once would measure the scheduler.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The packages are what users run; loading them untouched also keeps `import.meta.url` and worker files true.
    server: { deps: { external: [/\/packages\/[a-z]+\/dist\//] } },
    coverage: {
      provider: "v8",
      include: ["packages/*/dist/**/*.js"],
      reportOnFailure: true,
      reportsDirectory: "coverage",
      reporter: ["text", "html", "lcovonly"],
    },
  },
});
