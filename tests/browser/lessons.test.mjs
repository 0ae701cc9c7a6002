// Each lesson opens by its link, and its claims hold for its example.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { violations } from "./axe.mjs";
import { prune, text, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };
const TITLES = [
  "What attention does in a forecaster",
  "A degenerate attention map",
  "Scoring with SEND",
  "How far can you prune?",
  "Does it transfer to another data set?",
];
const dist = (name) => readFile(new URL(`../../dist/${name}`, import.meta.url), "utf8");
const report = async (name) => JSON.parse(await dist(`examples/${name}.json`));

/** Waits for the lesson's panel and its example. */
async function opened(page) {
  await page.getByTestId("card-title").waitFor();
  await page.getByTestId("saved-note").waitFor();
}

/** Visits every card and calls `see` with its title. */
async function cards(page, see) {
  const seen = new Set();
  for (;;) {
    const title = await text(page, "card-title");
    assert.ok(!seen.has(title), `the card ${title} comes twice`);
    seen.add(title);
    await see(title);
    const next = page.getByTestId("card-next");
    if (!(await next.count())) return seen;
    await next.click();
    await page.getByTestId("card-title").filter({ hasNotText: title }).waitFor();
  }
}

/** The claims of the current card: whether each holds, and its text. */
const claims = (page) =>
  page.getByTestId("claim").evaluateAll((all) => all.map((one) => [one.dataset.holds, one.textContent]));

/** Mean entropy of attention rows divided by ln(keys), computed from the map. */
function entropy({ heads, queries, keys, attention }) {
  let sum = 0;
  for (let row = 0; row < heads * queries; row++) {
    for (const share of attention.slice(row * keys, (row + 1) * keys)) {
      if (share > 0) sum -= share * Math.log(share);
    }
  }
  return sum / (heads * queries * Math.log(keys));
}

TITLES.forEach((title, place) => {
  const number = place + 1;
  test(`lesson ${number}, ${title}`, MINUTE, () =>
    visit(
      async (page) => {
        await opened(page);
        assert.match(await page.locator("#lesson-title").textContent(), new RegExp(`Lesson ${number}: `));
        assert.ok((await page.locator("#lesson-title").textContent()).endsWith(title));
        let claimed = 0;
        let looked = 0;
        const seen = await cards(page, async (card) => {
          for (const [holds, words] of await claims(page)) {
            assert.equal(holds, "yes", `${card}: ${words}`);
            claimed += 1;
          }
          if (await page.getByTestId("card-look").count()) {
            await page.locator("[data-looked-at]").waitFor();
            assert.ok(await page.locator("[data-looked-at]").isVisible(), `${card} points at something seen`);
            looked += 1;
          }
        });
        assert.ok(claimed > 0, "it claims something");
        assert.ok(looked > 1, "it points at the page");
        assert.ok([...seen].includes("Something to try"));
        const answer = page.getByTestId("lesson").locator("details");
        assert.equal(await answer.locator("p").first().isVisible(), false, "the answer is hidden");
        await answer.locator("summary").click();
        assert.ok(await answer.locator("p").first().isVisible());
        assert.equal(await page.getByTestId("messages").locator("p").count(), 0, "nothing went wrong");
      },
      { hash: `#lesson=${number}` },
    ));
});

test("the map of lesson 2 is degenerate", async () => {
  const { maps } = await report("brief");
  const words = await dist("lessons/2-a-degenerate-map.md");
  const [, layer, bound] = words.match(/claim: entropy\.(\d) > (0\.\d+)/);
  const map = maps.find(({ module }) => module === `encoder.${layer}.attention`);
  const measured = entropy(map);
  assert.ok(measured > Number(bound), `an entropy of ${measured}`);
  assert.ok(Math.abs(measured - map.entropy) < 0.02, `the report says ${map.entropy}, the map ${measured}`);
});

test("the ranking of lesson 3 is as its card states", async () => {
  const { scores, plan } = await report("weather");
  const words = await dist("lessons/3-scoring-with-send.md");
  const said = words.match(/claim: (send\.\d(?: < send\.\d)+)/)[1].split(" < ").map((name) => name.slice(5));
  const found = [...scores].sort((a, b) => a.value - b.value).map(({ module }) => module.split(".")[1]);
  assert.deepEqual(said, found);
  assert.deepEqual(
    plan.removed.map((module) => module.split(".")[1]).sort(),
    found.slice(0, plan.removed.length).sort(),
    "the lowest scores go",
  );
});

test("the claims of lesson 2 hold when it is trained again", MINUTE, () =>
  visit(
    async (page) => {
      await opened(page);
      await page.getByTestId("engine-cpu").check();
      await page.getByTestId("train-anew").filter({ hasText: "Train it again" }).click();
      await page.getByTestId("prune-start").and(page.locator(":enabled")).waitFor({ timeout: 90_000 });
      await prune(page);
      let claimed = 0;
      await cards(page, async (card) => {
        for (const [holds, words] of await claims(page)) {
          assert.equal(holds, "yes", `${card}: ${words}`);
          claimed += 1;
        }
      });
      assert.ok(claimed > 0);
    },
    { hash: "#lesson=2" },
  ));

test("claims are not confirmed for another run", MINUTE, () =>
  visit(
    async (page) => {
      await opened(page);
      await page.getByTestId("engine-cpu").check();
      await page.getByTestId("sample-waves").click();
      await page.getByTestId("table-name").filter({ hasText: "waves" }).waitFor();
      await page.getByTestId("lesson-run").waitFor();
      const states = async () => {
        const all = [];
        await cards(page, async () => all.push(...(await claims(page)).map(([holds]) => holds)));
        return all;
      };
      assert.deepEqual([...new Set(await states())], ["unknown"], "nothing is shown yet");
      await page.getByTestId("preset-quick").click();
      await train(page);
      await prune(page);
      while (await page.getByTestId("card-back").isEnabled()) await page.getByTestId("card-back").click();
      assert.ok((await states()).includes("no"), "the waves are another table");
      await page.getByTestId("lesson-run").click();
      await page.getByTestId("saved-note").waitFor();
    },
    { hash: "#lesson=3" },
  ));

test("lessons can be used by keyboard", MINUTE, () =>
  visit(async (page) => {
    await page.getByTestId("lessons").focus();
    await page.keyboard.press("Enter");
    const list = page.getByTestId("lesson-list").getByRole("link");
    await list.first().waitFor();
    assert.deepEqual(await list.allTextContents(), TITLES);
    await list.nth(1).focus();
    await page.keyboard.press("Enter");
    await opened(page);
    assert.match(page.url(), /lesson=2/);
    const first = await text(page, "card-title");
    await page.getByTestId("card-next").focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("card-title").filter({ hasNotText: first }).waitFor();
    await page.waitForFunction(() => document.activeElement?.dataset.testid === "card-title");
    await page.getByTestId("card-back").focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("card-title").filter({ hasText: first }).waitFor();
    // The card highlights its element in the next frame.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await page.getByTestId("lesson-close").focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("lesson").waitFor({ state: "detached" });
    assert.doesNotMatch(page.url(), /lesson/);
    assert.equal(await page.locator("[data-looked-at]").count(), 0);
  }));

test("an unknown lesson is reported", MINUTE, () =>
  visit(
    async (page) => {
      await page.getByTestId("lesson-problem").filter({ hasText: "no lesson 9; there are 5" }).waitFor();
    },
    { hash: "#lesson=9" },
  ));

test("on a narrow screen a lesson is a sheet that folds", MINUTE, () =>
  visit(
    async (page) => {
      await opened(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${over} pixels too wide`);
      const height = async () => (await page.getByTestId("lesson").boundingBox()).height;
      assert.ok((await height()) < 0.5 * 740, "half of the page stays in sight");
      await page.getByTestId("lesson-fold").click();
      assert.ok((await height()) < 120);
    },
    { hash: "#lesson=5", context: { viewport: { width: 360, height: 740 } } },
  ));

for (const colorScheme of ["light", "dark"]) {
  test(`a lesson has no accessibility violations, ${colorScheme}`, MINUTE, () =>
    visit(
      async (page) => {
        await opened(page);
        await page.getByTestId("lesson").getByTestId("claim").first().waitFor({ state: "attached" }).catch(() => {});
        await cards(page, async (card) => assert.deepEqual(await violations(page), [], card));
      },
      { hash: "#lesson=5", context: { colorScheme, bypassCSP: true } },
    ));
}
