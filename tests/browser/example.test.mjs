// The example on the first visit.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { violations } from "./axe.mjs";
import { chooseSample, waitUntilTrained, text, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };
const example = async (name) =>
  readFile(new URL(`../../dist/examples/${name}.json`, import.meta.url));

/** Blocks the engine, so that nothing can be computed. */
const withoutEngine = (page) => page.route("**/spat-worker*", (route) => route.abort());

test("the first visit shows a finished run without an engine", MINUTE, () =>
  visit(
    async (page) => {
      const report = JSON.parse(await example("weather"));
      await page.getByTestId("saved-note").waitFor();
      assert.match(await text(page, "saved-note"), /Saved example.*nothing was computed here/s);
      assert.ok((await text(page, "saved-note")).includes(report.command));
      assert.equal(
        await page.getByTestId("prune-fates").locator("[data-fate=goes]").count(),
        report.plan.removed.length,
      );
      assert.ok((await text(page, "errors")).includes(report.pruned.test.mse.toFixed(4)));
      await page.getByTestId("attention-map").waitFor();
      await page.locator("figure[data-name=forecast] svg").waitFor();
      assert.ok((await text(page, "verdict")).length > 20);
      assert.ok(await page.getByTestId("prune-start").isDisabled());
      assert.match(await text(page, "prune-reason"), /saved example/);
      assert.ok(await page.getByTestId("window-after").isDisabled());
      assert.ok(await page.getByTestId("save-report.json").isDisabled());
    },
    { hash: "", before: withoutEngine, expected: /spat-worker|Failed to (load|fetch)/ },
  ));

test("the example can be trained again with its setup", MINUTE, () =>
  visit(
    async (page) => {
      await page.getByTestId("saved-note").waitFor();
      await page.getByTestId("engine-cpu").check();
      await page.getByTestId("train-anew").filter({ hasText: "Train it again" }).click();
      await page.getByTestId("pause").and(page.locator(":enabled")).waitFor({ timeout: 60_000 });
      assert.equal(await page.getByTestId("saved-note").count(), 0);
      assert.equal(await page.getByTestId("verdict").count(), 0, "the saved result is gone");
      await page.getByTestId("stop").click();
      await page.getByTestId("go-on").waitFor();

      await page.goto("about:blank");
      await page.goBack();
      await page.evaluate(() => history.replaceState(null, "", "#"));
      await page.reload();
      await page.getByTestId("resume-offer").waitFor();
      assert.equal(await page.getByTestId("saved-note").count(), 0, "with stored runs there is no example");
    },
    { hash: "" },
  ));

test("another table replaces the example", MINUTE, () =>
  visit(
    async (page) => {
      await page.getByTestId("saved-note").waitFor();
      await page.getByTestId("own-table").click();
      assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "file");
      await chooseSample(page, "sample-waves");
      assert.match(await text(page, "table-name"), /synthetic-waves/);
      assert.equal(await page.getByTestId("saved-note").count(), 0);
      await page.getByTestId("preset-quick").click();
      await train(page);
      await waitUntilTrained(page);
    },
    { hash: "" },
  ));

test("examples are small when compressed", async () => {
  for (const name of ["weather", "brief", "newark"]) {
    const size = brotliCompressSync(await example(name)).length;
    assert.ok(size < 150_000, `${name}: ${size} bytes compressed`);
  }
});

for (const colorScheme of ["light", "dark"]) {
  test(`the example has no accessibility violations, ${colorScheme}`, MINUTE, () =>
    visit(
      async (page) => {
        await page.getByTestId("saved-note").waitFor();
        await page.getByTestId("attention-map").waitFor();
        assert.deepEqual(await violations(page), []);
      },
      { hash: "", context: { colorScheme, bypassCSP: true } },
    ));
}
