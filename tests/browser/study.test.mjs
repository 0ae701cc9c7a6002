// Studies: opened from a file, and run in the browser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { violations } from "./axe.mjs";
import { text } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTES = { timeout: 240_000 };
const TOY = fileURLToPath(new URL("toy.csv", import.meta.url));
const SMALL = { layers: 2, width: 8, heads: 2, lookback: 12, horizon: 4, epochs: 1, seeds: 2 };

/** Opens the study page by its link. */
const studies = (check, options) =>
  visit(async (page, rest) => {
    await page.getByTestId("study-link").click();
    await page.getByTestId("study-start").waitFor();
    await check(page, rest);
  }, options);

async function start(page, sizes = SMALL) {
  await page.getByTestId("study-table").setInputFiles(TOY);
  for (const [name, value] of Object.entries(sizes)) await page.locator(`[name=${name}]`).fill(String(value));
  await page.getByTestId("study-start").click();
}

test("a small study runs, is saved, and opens again with the same views", MINUTES, () =>
  studies(async (page) => {
    await start(page);
    await page.getByTestId("study-words").filter({ hasText: "The study is done" }).waitFor({ timeout: 180_000 });
    const views = page.getByTestId("study-views");
    assert.match(await views.locator("h1").textContent(), /^Study of iTransformer on toy\.csv$/);
    assert.match(await views.locator("#findings").textContent(), /all 4 subsets were trained/);
    assert.ok((await views.locator("svg").count()) >= 3, "it has charts");
    assert.equal(await page.getByTestId("study-start").isEnabled(), true);

    const waiting = page.waitForEvent("download");
    await page.getByTestId("study-save").click();
    const saved = await readFile(await (await waiting).path());
    const report = JSON.parse(saved);
    assert.equal(report.depths[0].subsets.length, 4);
    assert.match(report.command, /^spat study toy\.csv --lookback 12 --horizon 4 /);
    const findings = await views.locator("#findings").textContent();

    await page.getByTestId("study-file").setInputFiles({ name: "study.json", mimeType: "application/json", buffer: saved });
    await page.getByTestId("study-words").filter({ hasText: "figures are below" }).waitFor();
    assert.equal(await views.locator("#findings").textContent(), findings);
    assert.equal(await page.getByTestId("study-save").isVisible(), false, "an opened study cannot be saved");
  }));

test("a study uses another model of the catalogue and its settings", MINUTES, () =>
  studies(async (page) => {
    await page.getByTestId("study-model").selectOption("patchtst");
    await start(page, { ...SMALL, patch: 4, stride: 4 });
    await page.getByTestId("study-words").filter({ hasText: "The study is done" }).waitFor({ timeout: 180_000 });
    const views = page.getByTestId("study-views");
    assert.match(await views.locator("h1").textContent(), /^Study of PatchTST .*on toy\.csv$/);
    const waiting = page.waitForEvent("download");
    await page.getByTestId("study-save").click();
    const { command, study } = JSON.parse(await readFile(await (await waiting).path()));
    assert.match(command, / --model patchtst --layers 2 --width 8 --ff \d+ --heads 2 .*--patch 4 --stride 4 /);
    assert.equal(study.base.forecaster.patch_len, 4);
  }));

test("a study can be stopped, and other files are rejected", MINUTES, () =>
  studies(async (page) => {
    await start(page, { ...SMALL, epochs: 50, layers: 4 });
    await page.getByTestId("study-words").filter({ hasText: "modules" }).waitFor({ timeout: 60_000 });
    await page.getByTestId("study-stop").click();
    assert.match(await text(page, "study-words"), /Stopped/);
    for (const [buffer, words] of [
      [Buffer.from("{}"), /no study\.json/],
      [Buffer.from("not json"), /no study\.json/],
    ]) {
      await page.getByTestId("study-file").setInputFiles({ name: "x.json", mimeType: "", buffer });
      await page.getByTestId("study-words").filter({ hasText: words }).waitFor();
    }
    await start(page, { ...SMALL, heads: 3 });
    await page.getByTestId("study-words").filter({ hasText: /head/ }).and(page.locator(".error")).waitFor();
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`the study page has no accessibility violations, ${colorScheme}`, MINUTES, () =>
    studies(
      async (page) => {
        await start(page, { ...SMALL, seeds: 1 });
        await page.getByTestId("study-words").filter({ hasText: "The study is done" }).waitFor({ timeout: 180_000 });
        assert.deepEqual(await violations(page), []);
      },
      { context: { colorScheme, bypassCSP: true } },
    ));
}

test("the study page does not scroll horizontally at a width of 360 pixels", MINUTES, () =>
  studies(
    async (page) => {
      await start(page, { ...SMALL, seeds: 1 });
      await page.getByTestId("study-words").filter({ hasText: "The study is done" }).waitFor({ timeout: 180_000 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${over} pixels too wide`);
    },
    { context: { viewport: { width: 360, height: 740 } } },
  ));
