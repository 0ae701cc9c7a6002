// Accessibility in other states: with an error, paused, interrupted, broken, comparing; on narrow screens and
// with reduced motion.
import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./axe.mjs";
import { chooseSample, prune, loadToy, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const CALM = { bypassCSP: true, reducedMotion: "reduce" };

for (const [name, context] of [
  ["on a wide screen", CALM],
  ["on a narrow screen", { ...CALM, viewport: { width: 360, height: 740 } }],
]) {
  test(`other states have no accessibility violations, ${name}`, { timeout: 240_000 }, () =>
    visit(
      async (page) => {
        const clean = async (state) => {
          assert.deepEqual(await violations(page), [], state);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(over <= 0, `${state}: ${over} pixels too wide`);
        };
        await page.getByTestId("engine-cpu").check();
        await loadToy(page);
        const lookback = page.getByTestId("lookback");
        await lookback.fill("0");
        await lookback.blur();
        await page.getByTestId("objection").waitFor();
        await clean("an error in the setup");
        await lookback.fill("12");
        await lookback.blur();
        await page.getByLabel(/look-back/i).and(page.locator("summary, button")).first().click();
        await clean("an open help");
        await page.keyboard.press("Escape");

        for (let runs = 0; runs < 2; runs++) {
          await train(page);
          await prune(page);
        }
        const boxes = page.getByTestId("runs").getByRole("checkbox");
        await boxes.nth(0).check();
        await boxes.nth(1).check();
        await page.getByTestId("runs-compared").locator("table").waitFor();
        await clean("runs compared");

        await chooseSample(page, "sample-weather");
        await page.getByTestId("train-start").click();
        await page.getByTestId("pause").and(page.locator(":enabled")).click();
        await page.getByTestId("progress-words").filter({ hasText: "paused" }).waitFor();
        await clean("a paused training");
        await page.reload();
        await page.getByTestId("resume-offer").waitFor();
        await clean("an interrupted run");
        await page.workers()[0].evaluate(() => {
          setTimeout(() => {
            throw new Error("killed for a test");
          });
        });
        await page.getByTestId("engine-broken").waitFor();
        await clean("a broken engine");
        const motion = await page.evaluate(() => {
          const moving = document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 1);
          return [getComputedStyle(document.documentElement).scrollBehavior, moving.length];
        });
        assert.deepEqual(motion, ["auto", 0], "there are no animations");
      },
      { context, expected: /killed for a test/ },
    ));
}
