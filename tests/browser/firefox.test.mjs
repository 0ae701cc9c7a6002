// The app in Firefox, which has no WebGPU on many systems. A separate file, because it needs another driver.
import assert from "node:assert/strict";
import { accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import puppeteer from "puppeteer-core";
import { serve } from "./server.mjs";
import { chooseSample, prune, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const PATIENCE = 180_000;

/** The path of the program, if there is one. */
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

/** Clicks a control once it is enabled. */
async function press(page, name) {
  await page.locator(`${by(name)}:enabled`).setTimeout(PATIENCE).click();
}

const words = (page, name) => page.$eval(by(name), (part) => part.textContent);

/** The verdict and the table of errors of the same workflow in Chromium. */
async function inChromium() {
  const found = {};
  await visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await train(page);
    await prune(page);
    found.verdict = await page.getByTestId("verdict").textContent();
    found.errors = await page.getByTestId("errors").textContent();
  });
  return found;
}

const skip = firefox() ? false : "no Firefox on the PATH";

test("Firefox gives the same results as Chromium", { timeout: 2 * PATIENCE, skip }, async () => {
  const host = await serve();
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox(), headless: true });
  const errors = [];
  try {
    const page = await browser.newPage();
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(`${host.address}#new`);
    await press(page, "engine-cpu");
    await press(page, "sample-waves");
    await page.waitForSelector(by("table-name"));
    await press(page, "train-start");
    await press(page, "prune-start");
    await page.waitForSelector(by("verdict"), { timeout: PATIENCE });
    assert.deepEqual(errors, [], "the console is free of errors");
    assert.deepEqual(
      { verdict: await words(page, "verdict"), errors: await words(page, "errors") },
      await inChromium(),
    );
  } finally {
    await browser.close();
    await host.close();
  }
});
