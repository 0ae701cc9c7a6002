// A browser with the web app, for every test.
import assert from "node:assert/strict";
import { accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A software GPU. */
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

function program() {
  for (const folder of process.env.PATH.split(delimiter)) {
    for (const name of NAMES) {
      try {
        accessSync(join(folder, name));
        return join(folder, name);
      } catch {
        // Try the next one.
      }
    }
  }
  throw new Error("no Chromium on the PATH");
}

/** Launches a browser, with a software GPU or none. */
export const launch = (gpu = false) =>
  chromium.launch({ executablePath: program(), args: [...FLAGS, ...(gpu ? WEBGPU : [])] });

/**
 * Opens the app, by default without the example; an empty hash is a first visit with the example. `check` gets
 * the page and the context. Console errors that are not `expected` fail the test; `before` is called before the
 * app is loaded.
 */
export async function visit(check, { gpu = false, hash = "#new", context: options = {}, before, expected } = {}) {
  const host = await serve();
  const browser = await launch(gpu);
  const errors = [];
  const report = (words) => expected?.test(words) || errors.push(words);
  try {
    const context = await browser.newContext({ acceptDownloads: true, ...options });
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") report(message.text());
    });
    page.on("pageerror", (error) => report(String(error)));
    await before?.(page);
    await page.goto(`${host.address}${hash}`);
    await check(page, { context, address: host.address, close: host.close });
  } finally {
    await browser.close();
    await host.close();
  }
  assert.deepEqual(errors, [], "the console is free of errors");
}
