// What breaks, and the ways on: an engine that dies, a run that fails, a browser that keeps nothing.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { choose, finish, prune, text, toy, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };
const DEAD = { expected: /killed for a test/ };

/** Ends the engine as an error in it would. */
async function kill(page) {
  await page.workers()[0].evaluate(() => {
    setTimeout(() => {
      throw new Error("killed for a test");
    });
  });
  await page.getByTestId("engine-broken").waitFor();
}

test("an engine that dies while it prunes is replaced, whichever button goes on", { timeout: 240_000 }, () =>
  visit(async (page) => {
    await choose(page, "sample-weather");
    await train(page);
    const dies = async () => {
      await page.getByTestId("prune-start").click();
      await page.getByTestId("prune-progress-words").filter({ hasText: "step" }).waitFor();
      await kill(page);
    };
    await dies();
    await page.getByTestId("go-on").click();
    await page.getByTestId("verdict").waitFor({ timeout: 90_000 });

    await page.getByTestId("prune-ratio").fill("75");
    await dies();
    await page.getByTestId("prune-start").click();
    await page.getByTestId("verdict").waitFor({ timeout: 90_000 });

    await kill(page);
    await page.getByTestId("engine-renew").click();
    await page.getByTestId("verdict").waitFor({ timeout: 90_000 });
    await page.getByTestId("window-after").and(page.locator(":enabled")).click();
    await page.getByText(/^Test window/).filter({ hasNotText: "…" }).first().waitFor();
    assert.equal(await page.getByTestId("messages").locator("p").count(), 0, "nothing failed");
  }, DEAD));

test("a run that failed can be gone on with", MINUTE, () =>
  visit(async (page) => {
    await page.getByTestId("engine-cpu").check();
    await toy(page);
    await page.getByTestId("learning-rate").fill("1e30");
    await page.getByTestId("learning-rate").blur();
    await page.getByTestId("train-start").click();
    await page.getByTestId("progress-words").filter({ hasText: "Failed" }).waitFor({ timeout: 60_000 });
    assert.ok(await page.getByTestId("go-on").isVisible());
    assert.equal(await text(page, "next"), "Continue");
  }));

/** Takes IndexedDB away from the page and from its engine. */
async function withoutStorage(page) {
  const gone = 'Object.defineProperty(globalThis, "indexedDB", { value: undefined });';
  await page.addInitScript(gone);
  await page.route("**/spat-worker_loader.js", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${gone}\n${await answer.text()}` });
  });
}

/** Lets the engine's storage refuse every write, as a full disk does. */
async function full(page) {
  const refuse =
    'IDBObjectStore.prototype.put = () => { throw new DOMException("the disk is full", "QuotaExceededError"); };';
  await page.route("**/spat-worker_loader.js", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${refuse}\n${await answer.text()}` });
  });
}

for (const [name, before] of [
  ["without storage", withoutStorage],
  ["with a full disk", full],
]) {
  test(`${name} a run is trained, gone on with and saved all the same`, MINUTE, () =>
    visit(
      async (page) => {
        await page.getByTestId("engine-cpu").check();
        await toy(page);
        await page.getByTestId("epochs").fill("60");
        await page.getByTestId("epochs").blur();
        await page.getByTestId("train-start").click();
        await page.getByTestId("not-kept").waitFor();
        await page.getByTestId("stop").and(page.locator(":enabled")).click();
        await page.getByTestId("go-on").click();
        await finish(page);
        await prune(page);
        const save = async (file) => {
          const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId(file).click()]);
          return readFile(await download.path());
        };
        const report = JSON.parse(await save("save-report.json"));
        assert.ok(report.pruned.test.mse > 0);
        const zip = await save("save-zip");
        assert.ok(zip.includes("pruned.safetensors") && zip.includes("report.html"));
      },
      { before },
    ));
}
