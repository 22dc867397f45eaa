import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { installedAt, requireTools } from "./requirements.ts";

/** Whether pages can be looked at with a real browser. */
export const canBrowse = requireTools("chromium");

export interface OpenPage {
  readonly page: Page;
  /** What the page wrote to the console, threw, or asked the network for. */
  readonly complaints: readonly string[];
}

/** Starts Chromium before the tests of a file and ends it afterwards; gives a way to open the text of a page in it, as a file. */
export const browserFor = (): ((
  html: string,
  options?: BrowserContextOptions,
) => Promise<OpenPage>) => {
  let browser: Browser | undefined;
  let scratch = "";
  let pages = 0;
  beforeAll(async () => {
    const executablePath = installedAt("chromium");
    if (executablePath === undefined) return;
    scratch = await mkdtemp(join(tmpdir(), "mvdoctor-pages-"));
    // Chromium's own sandbox does not start as root.
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    if (scratch !== "") await rm(scratch, { recursive: true, force: true });
  });
  return async (html, options = {}) => {
    if (browser === undefined) throw new Error("no browser was started");
    pages += 1;
    const file = join(scratch, `${pages}.html`);
    await writeFile(file, html);
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (request.url() !== `file://${file}`) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(`file://${file}`);
    return { page, complaints };
  };
};
