// Accessibility, narrow screens, responsiveness, offline use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./axe.mjs";
import { chooseSample, prune, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

async function runWorkflow(page) {
  await chooseSample(page, "sample-waves");
  await train(page);
  await prune(page);
  await page.getByTestId("future").locator("svg").waitFor();
}

for (const colorScheme of ["light", "dark"]) {
  test(`the app has no accessibility violations, ${colorScheme}`, { timeout: 120_000 }, () =>
    visit(
      async (page) => {
        assert.deepEqual(await violations(page), [], "before any data");
        await runWorkflow(page);
        assert.deepEqual(await violations(page), [], "with everything shown");
      },
      { context: { colorScheme, bypassCSP: true } },
    ));
}

test("the app does not scroll horizontally at a width of 360 pixels", { timeout: 120_000 }, () =>
  visit(
    async (page) => {
      await runWorkflow(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${over} pixels too wide`);
    },
    { context: { viewport: { width: 360, height: 740 } } },
  ));

test("the app stays responsive during training", { timeout: 120_000 }, (t) =>
  visit(async (page) => {
    await chooseSample(page, "sample-weather");
    await page.getByTestId("train-start").click();
    await page.getByTestId("pause").and(page.locator(":enabled")).waitFor();
    const { frames, slowest, tasks } = await page.evaluate(
      () =>
        new Promise((done) => {
          const tasks = [];
          const watch = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration)));
          watch.observe({ type: "longtask" });
          let [count, slowest, last] = [0, 0, performance.now()];
          const start = last;
          const frame = (now) => {
            count += 1;
            slowest = Math.max(slowest, now - last);
            last = now;
            if (now - start < 4000) requestAnimationFrame(frame);
            else done({ frames: (count * 1000) / (now - start), slowest, tasks });
          };
          requestAnimationFrame(frame);
        }),
    );
    const longest = Math.max(0, ...tasks);
    t.diagnostic(
      `${frames.toFixed(1)} frames a second, the slowest ${slowest.toFixed(0)} ms; ` +
        `${tasks.length} tasks over 50 ms in 4 s, the longest ${longest.toFixed(0)} ms`,
    );
    // Loose bounds, since the machine may be busy. With a free core there are 60 frames per second and no
    // such task.
    assert.ok(frames > 30, `${frames.toFixed(0)} frames a second`);
    assert.ok(longest < 250, `a task of ${longest.toFixed(0)} ms`);
  }));

test("the app works offline after the first visit", { timeout: 120_000 }, () =>
  visit(async (page, { context, close }) => {
    await page.evaluate(() => navigator.serviceWorker.ready);
    // Everything is cached once the engine is loaded.
    await page.getByTestId("device").filter({ hasText: "CPU" }).waitFor();
    await page.reload();
    await page.getByTestId("device").filter({ hasText: "CPU" }).waitFor();
    await context.setOffline(true);
    await close();
    await page.reload();
    await chooseSample(page, "sample-waves");
    await train(page);
  }));
