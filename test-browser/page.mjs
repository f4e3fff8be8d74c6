// Opens pages in a real browser, the one inside an npm package: nothing is downloaded and nothing on the machine is used.
import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";

/**
 * Starts the browser without a window and without a network. Close it when done.
 * @returns {Promise<import("playwright-core").Browser>}
 */
export async function startBrowser() {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args, "--no-sandbox"],
    headless: true,
  });
}
