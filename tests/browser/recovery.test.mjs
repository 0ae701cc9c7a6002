// Recovery: from a crashed engine, a failed run, a browser without storage.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseSample, waitUntilTrained, prune, text, loadToy, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };
const KILLED = { expected: /killed for a test/ };

/** Ends the engine by an uncaught error. */
async function kill(page) {
  await page.workers()[0].evaluate(() => {
    setTimeout(() => {
      throw new Error("killed for a test");
    });
  });
  await page.getByTestId("engine-broken").waitFor();
}

test("an engine that crashes during pruning is replaced by every button that continues", { timeout: 240_000 }, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-weather");
    await train(page);
    const crash = async () => {
      await page.getByTestId("prune-start").click();
      await page.getByTestId("prune-progress-words").filter({ hasText: "step" }).waitFor();
      await kill(page);
    };
    await crash();
    await page.getByTestId("go-on").click();
    await page.getByTestId("verdict").waitFor({ timeout: 90_000 });

    await page.getByTestId("prune-ratio").fill("75");
    await crash();
    await page.getByTestId("prune-start").click();
    await page.getByTestId("verdict").waitFor({ timeout: 90_000 });

    await kill(page);
    await page.getByTestId("engine-renew").click();
    await page.getByTestId("verdict").waitFor({ timeout: 90_000 });
    await page.getByTestId("window-after").and(page.locator(":enabled")).click();
    await page.getByText(/^Test window/).filter({ hasNotText: "…" }).first().waitFor();
    assert.equal(await page.getByTestId("messages").locator("p").count(), 0, "nothing failed");
  }, KILLED));

test("a failed run can be continued", MINUTE, () =>
  visit(async (page) => {
    await page.getByTestId("engine-cpu").check();
    await loadToy(page);
    await page.getByTestId("learning-rate").fill("1e30");
    await page.getByTestId("learning-rate").blur();
    await page.getByTestId("train-start").click();
    await page.getByTestId("progress-words").filter({ hasText: "Failed" }).waitFor({ timeout: 60_000 });
    assert.ok(await page.getByTestId("go-on").isVisible());
    assert.equal(await text(page, "next"), "Continue");
  }));

/** Removes IndexedDB from the app and from its engine. */
async function withoutStorage(page) {
  const gone = 'Object.defineProperty(globalThis, "indexedDB", { value: undefined });';
  await page.addInitScript(gone);
  await page.route("**/spat-worker_loader.js", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${gone}\n${await answer.text()}` });
  });
}

/** Makes every write of the engine's storage fail, as on a full disk. */
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
  test(`${name} a run is trained, continued and saved`, MINUTE, () =>
    visit(
      async (page) => {
        await page.getByTestId("engine-cpu").check();
        await loadToy(page);
        await page.getByTestId("epochs").fill("60");
        await page.getByTestId("epochs").blur();
        await page.getByTestId("train-start").click();
        await page.getByTestId("not-kept").waitFor();
        await page.getByTestId("stop").and(page.locator(":enabled")).click();
        await page.getByTestId("go-on").click();
        await waitUntilTrained(page);
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
