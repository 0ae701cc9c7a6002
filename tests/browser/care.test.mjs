// What people with other eyes, hands and screens meet.
import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./axe.mjs";
import { choose, prune, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

async function whole(page) {
  await choose(page, "sample-waves");
  await train(page);
  await prune(page);
  await page.getByTestId("future").locator("svg").waitFor();
}

for (const colorScheme of ["light", "dark"]) {
  test(`no violation of accessibility, ${colorScheme}`, { timeout: 120_000 }, () =>
    visit(
      async (page) => {
        assert.deepEqual(await violations(page), [], "before any data");
        await whole(page);
        assert.deepEqual(await violations(page), [], "with everything shown");
      },
      { context: { colorScheme, bypassCSP: true } },
    ));
}

test("a phone of 360 pixels shows all of it without sliding sideways", { timeout: 120_000 }, () =>
  visit(
    async (page) => {
      await whole(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${over} pixels too wide`);
    },
    { context: { viewport: { width: 360, height: 740 } } },
  ));

test("the page answers within a frame or two while it trains", { timeout: 120_000 }, () =>
  visit(async (page) => {
    await choose(page, "sample-weather");
    await page.getByTestId("train-start").click();
    await page.getByTestId("pause").and(page.locator(":enabled")).waitFor();
    const frames = await page.evaluate(
      () =>
        new Promise((done) => {
          let count = 0;
          const start = performance.now();
          const frame = (now) => {
            count += 1;
            if (now - start < 2000) requestAnimationFrame(frame);
            else done((count * 1000) / (now - start));
          };
          requestAnimationFrame(frame);
        }),
    );
    // A bound against a frozen page, not a measurement: the machine may be busy.
    assert.ok(frames > 20, `${frames.toFixed(0)} frames a second`);
  }));

test("it works offline after the first visit", { timeout: 120_000 }, () =>
  visit(async (page, { context, close }) => {
    await page.evaluate(() => navigator.serviceWorker.ready);
    // Everything of the page is kept once the engine has arrived.
    await page.getByTestId("device").filter({ hasText: "CPU" }).waitFor();
    await page.reload();
    await page.getByTestId("device").filter({ hasText: "CPU" }).waitFor();
    await context.setOffline(true);
    await close();
    await page.reload();
    await choose(page, "sample-waves");
    await train(page);
  }));
