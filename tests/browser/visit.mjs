// A browser with one page of ours, and what every test needs of it.
import assert from "node:assert/strict";
import { accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

const CALM = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A GPU made of software. */
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

function program() {
  for (const folder of process.env.PATH.split(delimiter)) {
    for (const name of NAMES) {
      try {
        accessSync(join(folder, name));
        return join(folder, name);
      } catch {
        // The next one may be there.
      }
    }
  }
  throw new Error("no Chromium on the PATH");
}

/** A browser, with a GPU made of software or with none. */
export const launch = (gpu = false) =>
  chromium.launch({ executablePath: program(), args: [...CALM, ...(gpu ? WEBGPU : [])] });

/**
 * Opens the page, by default as it is for those who begin anew; with an empty hash it greets a first
 * visitor with a saved example. `check` gets the page and the context. The console must stay free of errors but those
 * that are `expected`; `before` sees the page while it is still empty.
 */
export async function visit(check, { gpu = false, hash = "#new", context: options = {}, before, expected } = {}) {
  const host = await serve();
  const browser = await launch(gpu);
  const complaints = [];
  const complain = (words) => expected?.test(words) || complaints.push(words);
  try {
    const context = await browser.newContext({ acceptDownloads: true, ...options });
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") complain(message.text());
    });
    page.on("pageerror", (error) => complain(String(error)));
    await before?.(page);
    await page.goto(`${host.address}${hash}`);
    await check(page, { context, address: host.address, close: host.close });
  } finally {
    await browser.close();
    await host.close();
  }
  assert.deepEqual(complaints, [], "the console is free of errors");
}
