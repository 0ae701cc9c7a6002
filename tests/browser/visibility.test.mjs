// Charts that are not visible are not redrawn while a job runs; visible, printed and saved charts are current.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseSample, waitUntilTrained, text } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 180_000 };
const loss = (page) => page.locator("figure[data-name=loss]");

/** Starts a training, by default a long one, and opens the losses as a table. */
async function begin(page, epochs = 90) {
  await chooseSample(page, "sample-weather");
  await page.getByText("More choices", { exact: true }).click();
  await page.getByTestId("epochs").fill(String(epochs));
  await page.getByTestId("epochs").blur();
  await page.getByTestId("train-start").click();
  await page.getByTestId("bars").locator("svg").waitFor({ timeout: 60_000 });
  await loss(page).getByText("Data as a table").click();
}

/** Scrolls to the top, far from the live charts, and waits for the observers. */
async function scrollAway(page) {
  const far = await page.evaluate(async () => {
    window.scrollTo({ top: 0, behavior: "instant" });
    for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
    return document.getElementById("train").getBoundingClientRect().top / innerHeight;
  });
  assert.ok(far > 1.5, `the drawings begin ${far.toFixed(1)} windows away`);
}

/** Every chart by its name. */
const drawings = (page) =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll("figure.chart")].map((figure) => [
        figure.dataset.name,
        figure.querySelector(".drawing > div").innerHTML,
      ]),
    ),
  );

/** Adds a function that counts losses: in the table, and as points of a chart's line. */
const counting = (page) =>
  page.addInitScript(() => {
    window.losses = (svg = document.querySelector("figure[data-name=loss] .drawing").innerHTML) => ({
      listed: [...document.querySelectorAll("figure[data-name=loss] tbody tr")].filter((row) => row.cells[1]?.textContent).length,
      drawn: (/<path d="([^"]*)"/.exec(svg)?.[1] ?? "M").match(/[ML]/g).length,
    });
  });

const losses = (page, svg) => page.evaluate((svg) => window.losses(svg), svg);
/** Waits until the table has `count` more losses. */
const more = (page, listed, count) =>
  page.waitForFunction((least) => window.losses().listed >= least, listed + count, { timeout: 60_000 });
/** Waits until the chart has every loss of the table. */
const isCurrent = (page) =>
  page.waitForFunction(() => window.losses().listed === window.losses().drawn, undefined, { timeout: 10_000 });

test("a hidden chart is not redrawn while a job runs, and is current when visible, saved, printed or paused", MINUTE, () =>
  visit(
    async (page) => {
      await begin(page);
      await scrollAway(page);
      const [before, words, { listed }] = [await drawings(page), await text(page, "progress-words"), await losses(page)];
      for (const name of ["loss", "send", "pruning-ranking", "network"]) assert.match(before[name], /^<svg/, name);
      await more(page, listed, 12);
      assert.deepEqual(await drawings(page), before, "nothing was drawn");
      assert.notEqual(await text(page, "progress-words"), words, "text is always updated");

      const button = loss(page).getByRole("button", { name: "SVG" });
      const [download] = await Promise.all([page.waitForEvent("download"), button.evaluate((button) => button.click())]);
      const saved = await losses(page, await readFile(await download.path(), "utf8"));
      assert.ok(saved.drawn >= listed + 12, `${saved.drawn} losses in the file`);
      assert.deepEqual(await drawings(page), before, "saving a file does not redraw the chart");

      await page.evaluate(() => {
        window.addEventListener("afterprint", () => (window.printed = window.losses()), { once: true, capture: true });
      });
      await page.pdf();
      const printed = await page.evaluate(() => window.printed);
      assert.equal(printed.drawn, printed.listed, "the printed chart has every loss");
      await more(page, printed.listed, 6);
      assert.ok((await losses(page)).drawn < printed.listed + 6, "afterwards it is not redrawn again");

      await loss(page).evaluate((figure) => figure.scrollIntoView({ behavior: "instant" }));
      await isCurrent(page);
      const { listed: seen } = await losses(page);
      await more(page, seen, 4);
      await isCurrent(page);
      assert.match(await text(page, "progress-words"), /steps\/s/, "the job is still running");

      await scrollAway(page);
      const { listed: left } = await losses(page);
      await more(page, left, 6);
      assert.ok((await losses(page)).drawn < left + 6);
      await page.getByTestId("pause").evaluate((button) => button.click());
      await page.getByTestId("progress-words").filter({ hasText: "paused" }).waitFor();
      await isCurrent(page);
      await page.getByTestId("stop").click();
    },
    { before: counting },
  ));

test("all charts are current when a job ends", MINUTE, () =>
  visit(async (page) => {
    const width = 1280;
    /** Redraws everything at another width and back: current charts are unchanged. */
    const areCurrent = async (when) => {
      assert.equal(await page.evaluate(() => window.scrollY), 0, "nobody scrolled");
      const before = await drawings(page);
      // The width of a network depends on its layers, that of other charts on their containers.
      const differ = (other) =>
        page.waitForFunction(
          ([before, other]) =>
            [...document.querySelectorAll("figure.chart:not([data-name^=network]) .drawing > div:first-child")].every((place) => {
              const width = (drawing) => / viewBox="0 0 (\d+) /.exec(drawing)[1];
              return (width(place.innerHTML) !== width(before[place.closest("figure").dataset.name])) === other;
            }),
          [before, other],
        );
      await page.setViewportSize({ width: width - 280, height: 720 });
      await differ(true);
      await page.setViewportSize({ width, height: 720 });
      await differ(false);
      const after = await drawings(page);
      for (const [name, drawing] of Object.entries(before)) assert.equal(after[name], drawing, `${name} ${when}`);
      return Object.keys(before);
    };
    await page.setViewportSize({ width, height: 720 });
    await begin(page, 6);
    await scrollAway(page);
    const during = await drawings(page);
    await waitUntilTrained(page);
    await page.getByTestId("forecast").locator("svg").waitFor();
    const names = await areCurrent("after the training");
    for (const name of ["loss", "send", "pruning-ranking", "network"]) assert.ok(names.includes(name), name);
    assert.notEqual((await drawings(page)).loss, during.loss, "it was not current before");
    await page.getByTestId("prune-start").evaluate((button) => button.click());
    await page.getByTestId("verdict").waitFor({ timeout: 90_000 });
    await page.getByTestId("future").locator("svg").waitFor();
    await areCurrent("after the pruning");
    assert.match((await drawings(page)).loss, />pruned</);
  }));

test("without IntersectionObserver all charts are redrawn", MINUTE, () =>
  visit(
    async (page) => {
      await begin(page);
      await scrollAway(page);
      const { listed } = await losses(page);
      await more(page, listed, 4);
      await isCurrent(page);
      await page.getByTestId("stop").evaluate((button) => button.click());
    },
    {
      before: async (page) => {
        await counting(page);
        await page.addInitScript(() => delete window.IntersectionObserver);
      },
    },
  ));
