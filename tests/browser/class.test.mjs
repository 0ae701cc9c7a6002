// Links for classes, and the comparison of many reports.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { violations } from "./axe.mjs";
import { chooseSample, text, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };
const saved = (name) => readFile(new URL(`../../dist/examples/${name}.json`, import.meta.url));

test("a teacher's link hides and locks controls, with a note", MINUTE, () =>
  visit(async (page, { context }) => {
    await page.getByTestId("preset-standard").click();
    await page.getByTestId("seed").fill("77");
    await page.getByTestId("seed").blur();
    await page.getByTestId("class-link-open").click();
    await page.getByTestId("class-table").selectOption("waves");
    await page.getByTestId("class-lesson").selectOption("3");
    for (const box of ["hide-keep", "hide-engine", "hide-options", "lock-preset", "lock-ratio"]) {
      await page.getByTestId(box).check();
    }
    const link = await page.getByTestId("class-link").inputValue();

    const student = await context.newPage();
    await student.goto(link);
    await student.getByTestId("table-name").filter({ hasText: "synthetic-waves" }).waitFor();
    await student.getByTestId("card-title").waitFor();
    for (const gone of ["#keep", ".engine", "#model details.more"]) {
      assert.equal(await student.locator(gone).first().isVisible(), false, gone);
    }
    assert.equal(await student.getByTestId("step-keep").isVisible(), false);
    assert.ok(await student.getByTestId("step-model").isVisible());
    for (const held of ["preset-quick", "seed", "lookback", "prune-ratio"]) {
      assert.ok(await student.getByTestId(held).isDisabled(), held);
    }
    assert.equal(await student.getByTestId("seed").inputValue(), "77");
    for (const note of ["locked-preset", "locked-ratio"]) {
      assert.match(await text(student, note), /Your teacher set this/);
    }
    assert.ok(await student.getByTestId("train-start").isEnabled(), "what is not locked works");

    // A lesson's example does not change locked controls, and links inside the app keep the rules.
    await student.getByTestId("lesson-run").click();
    await student.getByTestId("saved-note").waitFor();
    assert.equal(await student.getByTestId("seed").inputValue(), "77");
    await student.getByTestId("train-anew").filter({ hasText: "setup of step 2" }).waitFor();
    await student.getByTestId("lessons").click();
    await student.getByTestId("lesson-list").waitFor();
    assert.match(student.url(), /hide=engine,keep,options/);
    assert.match(student.url(), /lock=preset,ratio/);
    await student.reload();
    await student.getByTestId("locked-preset").waitFor();
    assert.equal(await student.getByTestId("seed").inputValue(), "77", "also after a reload");
  }));

test("locked controls stay locked during a training", MINUTE, () =>
  visit(
    async (page) => {
      await page.getByTestId("table-name").filter({ hasText: "synthetic-waves" }).waitFor();
      assert.ok(await page.getByTestId("file").isDisabled());
      await page.getByTestId("engine-cpu").check();
      await train(page);
      assert.match(page.url(), /lock=data,preset/);
      assert.ok(await page.getByTestId("preset-quick").isDisabled());
    },
    { hash: "#table=waves&lock=data,preset" },
  ));

test("unknown names in a link are reported", MINUTE, () =>
  visit(
    async (page) => {
      for (const slip of ["modle", "everything", "moon"]) {
        await page.getByTestId("message").filter({ hasText: `\`${slip}\`` }).waitFor();
      }
      assert.ok(await page.locator("#model").isVisible());
    },
    { hash: "#hide=modle&lock=everything&table=moon" },
  ));

test("reports are compared, and a broken one is skipped", MINUTE, () =>
  visit(
    async (page) => {
      const weather = await saved("weather");
      const files = [
        ["spat-report-Ann.json", weather],
        ["Bo <b>.json", await saved("brief")],
        ["Cy.json", await saved("newark")],
        ["cat.json", weather.subarray(0, weather.length / 2)],
      ].map(([name, buffer]) => ({ name, mimeType: "application/json", buffer }));
      await page.getByTestId("class-files").setInputFiles(files);
      const rows = page.getByTestId("class-row");
      await rows.nth(2).waitFor();
      await page.getByTestId("class-problems").getByText("`cat.json` is not a report.json").waitFor();
      assert.equal(await rows.count(), 3);
      const names = () => page.getByTestId("class-name").evaluateAll((all) => all.map(({ value }) => value));
      assert.deepEqual((await names()).toSorted(), ["Ann", "Bo <b>", "Cy"]);
      const ann = JSON.parse(weather);
      const hers = rows.nth((await names()).indexOf("Ann"));
      for (const figure of [ann.dense.test.mse.toFixed(4), ann.pruned.test.mse.toFixed(4), String(ann.seed)]) {
        assert.ok((await hers.textContent()).includes(figure), figure);
      }
      assert.match(await text(page, "class-tasks"), /2 different tasks/);

      for (const plot of ["class-macs", "class-ms"]) {
        const figure = page.locator(`figure[data-name=${plot}]`);
        await figure.locator("svg").waitFor();
        assert.ok((await figure.locator("svg :is(circle, path) > title").count()) === 6, plot);
        assert.match(await figure.locator("svg").textContent(), /Ann/);
      }
      // The chart's Pareto front equals the one computed here.
      const points = files.slice(0, 3).flatMap(({ name, buffer }) => {
        const { dense, pruned } = JSON.parse(buffer);
        return [dense, pruned].map(({ macs, test }) => ({ name, x: macs, y: test.mse }));
      });
      const beaten = (a) => points.some((b) => b.x <= a.x && b.y <= a.y && (b.x < a.x || b.y < a.y));
      const front = points.filter((point) => !beaten(point)).length;
      const table = page.locator("figure[data-name=class-macs] details");
      await table.locator("summary").click();
      await table.getByText("yes", { exact: true }).first().waitFor();
      assert.equal(await table.getByText("yes", { exact: true }).count(), front);

      await page.getByTestId("class-name").nth((await names()).indexOf("Cy")).fill("=Cyrus");
      assert.match(await page.locator("figure[data-name=class-macs] svg").textContent(), /=Cyrus/);
      const saveAs = async (button) => {
        const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
        return readFile(await download.path(), "utf8");
      };
      const csv = await saveAs(page.getByTestId("class-csv"));
      assert.equal(csv.trim().split("\n").length, 4);
      assert.match(csv, /^name,task,model,seed,ratio,dense_mse/);
      assert.match(csv, /^'=Cyrus,/m);
      const svg = await saveAs(page.locator("figure[data-name=class-macs]").getByRole("button", { name: "SVG" }));
      assert.match(svg, /^<\?xml.*\n<svg [^>]*xmlns=/);

      await page.getByTestId("class-files").setInputFiles([{ ...files[0], name: "Ann again.json" }]);
      await page.getByTestId("class-problems").getByText("same result as Ann").waitFor();
      assert.equal(await rows.count(), 3);
      await rows.nth(0).getByRole("button").click();
      await rows.nth(2).waitFor({ state: "detached" });
    },
    { hash: "#class" },
  ));

test("the comparison opens and closes without losing the table", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await page.getByTestId("lessons").click();
    await page.getByTestId("to-class").click();
    await page.getByTestId("class-drop").waitFor();
    assert.equal(await page.locator("#data").isVisible(), false);
    await page.getByTestId("class-back").click();
    assert.match(await text(page, "table-name"), /synthetic-waves/);
    assert.ok(await page.locator("#data").isVisible());
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`the comparison and a teacher's link have no accessibility violations, ${colorScheme}`, MINUTE, () =>
    visit(
      async (page, { address }) => {
        const files = await Promise.all(
          ["weather", "brief"].map(async (name) => ({ name: `${name}.json`, mimeType: "", buffer: await saved(name) })),
        );
        await page.getByTestId("class-files").setInputFiles([...files, { name: "no.json", mimeType: "", buffer: Buffer.from("{") }]);
        await page.getByTestId("class-row").nth(1).waitFor();
        assert.deepEqual(await violations(page), [], "the comparison");
        await page.goto("about:blank");
        await page.goto(`${address}#table=waves&lock=data,preset,ratio,engine&hide=attention`);
        await page.getByTestId("locked-preset").waitFor();
        await page.getByTestId("class-link-open").click();
        assert.deepEqual(await violations(page), [], "the teacher's link");
      },
      { hash: "#class", context: { colorScheme, bypassCSP: true } },
    ));
}

test("the comparison does not scroll horizontally at a width of 360 pixels", MINUTE, () =>
  visit(
    async (page) => {
      await page.getByTestId("class-files").setInputFiles([{ name: "a.json", mimeType: "", buffer: await saved("weather") }]);
      await page.getByTestId("class-row").waitFor();
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${over} pixels too wide`);
    },
    { hash: "#class", context: { viewport: { width: 360, height: 740 } } },
  ));
