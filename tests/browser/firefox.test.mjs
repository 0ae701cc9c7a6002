// The page in Firefox, which has no WebGPU on many systems: a test file of its own, because its driver is
// another one.
import assert from "node:assert/strict";
import { accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import puppeteer from "puppeteer-core";
import { serve } from "./server.mjs";
import { choose, prune, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const PATIENCE = 180_000;

/** The program, or nothing where there is none. */
function firefox() {
  const folders = process.env.PATH.split(delimiter);
  const places = ["firefox-esr", "firefox"].flatMap((name) => folders.map((folder) => join(folder, name)));
  return places.find((place) => {
    try {
      accessSync(place);
      return true;
    } catch {
      return false;
    }
  });
}

const by = (name) => `[data-testid="${name}"]`;

/** Waits for a control that can be used, and uses it. */
async function press(page, name) {
  await page.locator(`${by(name)}:enabled`).setTimeout(PATIENCE).click();
}

const words = (page, name) => page.$eval(by(name), (part) => part.textContent);

/** What the same workflow gives in Chromium: the verdict and the table of errors. */
async function inChromium() {
  const found = {};
  await visit(async (page) => {
    await choose(page, "sample-waves");
    await train(page);
    await prune(page);
    found.verdict = await page.getByTestId("verdict").textContent();
    found.errors = await page.getByTestId("errors").textContent();
  });
  return found;
}

const skip = firefox() ? false : "no Firefox on the PATH";

test("in Firefox a sample becomes the same comparison as in Chromium", { timeout: 2 * PATIENCE, skip }, async () => {
  const host = await serve();
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox(), headless: true });
  const complaints = [];
  try {
    const page = await browser.newPage();
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${host.address}#new`);
    await press(page, "engine-cpu");
    await press(page, "sample-waves");
    await page.waitForSelector(by("table-name"));
    await press(page, "train-start");
    await press(page, "prune-start");
    await page.waitForSelector(by("verdict"), { timeout: PATIENCE });
    assert.deepEqual(complaints, [], "the console is free of errors");
    assert.deepEqual(
      { verdict: await words(page, "verdict"), errors: await words(page, "errors") },
      await inChromium(),
    );
  } finally {
    await browser.close();
    await host.close();
  }
});
