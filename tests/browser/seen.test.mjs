// What nobody sees is not drawn while a job works; what comes into sight, onto paper or into a file is new.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { choose, finish, text } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 180_000 };
const loss = (page) => page.locator("figure[data-name=loss]");

/** Begins a training, by default one that lasts until it is stopped, and opens the losses as a table. */
async function begin(page, epochs = 90) {
  await choose(page, "sample-weather");
  await page.getByText("More choices", { exact: true }).click();
  await page.getByTestId("epochs").fill(String(epochs));
  await page.getByTestId("epochs").blur();
  await page.getByTestId("train-start").click();
  await page.getByTestId("bars").locator("svg").waitFor({ timeout: 60_000 });
  await loss(page).getByText("Data as a table").click();
}

/** To the page's beginning, far from all that is drawn live, and until the browser has noticed. */
async function leave(page) {
  const far = await page.evaluate(async () => {
    window.scrollTo({ top: 0, behavior: "instant" });
    for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
    return document.getElementById("train").getBoundingClientRect().top / innerHeight;
  });
  assert.ok(far > 1.5, `the drawings begin ${far.toFixed(1)} windows away`);
}

/** Every drawing of the page by its name. */
const drawings = (page) =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll("figure.chart")].map((figure) => [
        figure.dataset.name,
        figure.querySelector(".drawing > div").innerHTML,
      ]),
    ),
  );

/** Lets the page count losses: those of its table, and the points of the line that is drawn or given. */
const counting = (page) =>
  page.addInitScript(() => {
    window.losses = (svg = document.querySelector("figure[data-name=loss] .drawing").innerHTML) => ({
      told: [...document.querySelectorAll("figure[data-name=loss] tbody tr")].filter((row) => row.cells[1]?.textContent).length,
      drawn: (/<path d="([^"]*)"/.exec(svg)?.[1] ?? "M").match(/[ML]/g).length,
    });
  });

const losses = (page, svg) => page.evaluate((svg) => window.losses(svg), svg);
/** Waits until the table tells so many losses more than it did. */
const more = (page, told, count) =>
  page.waitForFunction((least) => window.losses().told >= least, told + count, { timeout: 60_000 });
/** Waits until the drawing has every loss that the table has. */
const isNew = (page) =>
  page.waitForFunction(() => window.losses().told === window.losses().drawn, undefined, { timeout: 10_000 });

test("a drawing out of sight waits while a job works, and is new in sight, in a file, on paper and in a pause", MINUTE, () =>
  visit(
    async (page) => {
      await begin(page);
      await leave(page);
      const [before, words, { told }] = [await drawings(page), await text(page, "progress-words"), await losses(page)];
      for (const name of ["loss", "send", "pruning-ranking", "network"]) assert.match(before[name], /^<svg/, name);
      await more(page, told, 12);
      assert.deepEqual(await drawings(page), before, "nothing was drawn");
      assert.notEqual(await text(page, "progress-words"), words, "words are told wherever they are");

      const button = loss(page).getByRole("button", { name: "SVG" });
      const [download] = await Promise.all([page.waitForEvent("download"), button.evaluate((button) => button.click())]);
      const saved = await losses(page, await readFile(await download.path(), "utf8"));
      assert.ok(saved.drawn >= told + 12, `${saved.drawn} losses in the file`);
      assert.deepEqual(await drawings(page), before, "a file is not the page");

      await page.evaluate(() => {
        window.addEventListener("afterprint", () => (window.printed = window.losses()), { once: true, capture: true });
      });
      await page.pdf();
      const printed = await page.evaluate(() => window.printed);
      assert.equal(printed.drawn, printed.told, "the paper has every loss");
      await more(page, printed.told, 6);
      assert.ok((await losses(page)).drawn < printed.told + 6, "after that it waits again");

      await loss(page).evaluate((figure) => figure.scrollIntoView({ behavior: "instant" }));
      await isNew(page);
      const { told: seen } = await losses(page);
      await more(page, seen, 4);
      await isNew(page);
      assert.match(await text(page, "progress-words"), /steps\/s/, "the job still works");

      await leave(page);
      const { told: left } = await losses(page);
      await more(page, left, 6);
      assert.ok((await losses(page)).drawn < left + 6);
      await page.getByTestId("pause").evaluate((button) => button.click());
      await page.getByTestId("progress-words").filter({ hasText: "paused" }).waitFor();
      await isNew(page);
      await page.getByTestId("stop").click();
    },
    { before: counting },
  ));

test("when a job ends every drawing is new, wherever the eye is", MINUTE, () =>
  visit(async (page) => {
    const width = 1280;
    /** Redraws everything in another width and back: what was new is the same again. */
    const areNew = async (when) => {
      assert.equal(await page.evaluate(() => window.scrollY), 0, "nobody scrolled");
      const before = await drawings(page);
      // A network is as wide as its layers are many, the other drawings as their places.
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
    await leave(page);
    const during = await drawings(page);
    await finish(page);
    await page.getByTestId("forecast").locator("svg").waitFor();
    const names = await areNew("after the training");
    for (const name of ["loss", "send", "pruning-ranking", "network"]) assert.ok(names.includes(name), name);
    assert.notEqual((await drawings(page)).loss, during.loss, "it was not new before");
    await page.getByTestId("prune-start").evaluate((button) => button.click());
    await page.getByTestId("verdict").waitFor({ timeout: 90_000 });
    await page.getByTestId("future").locator("svg").waitFor();
    await areNew("after the pruning");
    assert.match((await drawings(page)).loss, />pruned</);
  }));

test("a browser that cannot tell what is seen draws everything", MINUTE, () =>
  visit(
    async (page) => {
      await begin(page);
      await leave(page);
      const { told } = await losses(page);
      await more(page, told, 4);
      await isNew(page);
      await page.getByTestId("stop").evaluate((button) => button.click());
    },
    {
      before: async (page) => {
        await counting(page);
        await page.addInitScript(() => delete window.IntersectionObserver);
      },
    },
  ));
