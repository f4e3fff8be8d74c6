// Opens pages in a real browser, the one inside an npm package: nothing is downloaded.
import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";

/**
 * Starts the browser without a window. Close it when done.
 * @returns {Promise<import("playwright-core").Browser>}
 */
export async function startBrowser() {
  // In a single process, closing a page would end the browser.
  const args = chromium.args.filter((arg) => arg !== "--single-process");
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...args, "--no-sandbox"],
    headless: true,
  });
}
