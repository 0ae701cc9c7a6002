// Sources of tables, and reading options.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseSample, text } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 60_000 };

/** Rows of an hourly table, by a function of the row. */
const rows = (head, of) => {
  let lines = `${head}\n`;
  for (let row = 0; row < 400; row++) {
    lines += `${of(row, new Date(Date.UTC(2024, 0, 1, row)).toISOString().slice(0, 19))}\n`;
  }
  return lines;
};
const TABLE = rows("date,load,price", (row, at) => `${at},${10 + (row % 24)},${row % 50 ? row % 7 : -9999}`);

const give = (page, name, content) =>
  page.getByTestId("file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });

/** Drops a file on an element. */
async function drop(page, place, name, content) {
  const files = await page.evaluateHandle(
    ([name, content]) => {
      const files = new DataTransfer();
      files.items.add(new File([content], name, { type: "text/csv" }));
      return files;
    },
    [name, content],
  );
  await page.locator(place).first().dispatchEvent("dragover", { dataTransfer: files });
  await page.locator(place).first().dispatchEvent("drop", { dataTransfer: files });
}

test("reading options apply to the current table and not to the next", MINUTE, () =>
  visit(async (page) => {
    await give(page, "load.csv", TABLE);
    assert.match(await text(page, "table-name"), /400 rows × 2 channels, 1 h/);
    await page.getByTestId("reading").locator("summary").click();
    await page.getByTestId("missing").fill("-9999");
    await page.getByTestId("missing").blur();
    await page.getByTestId("repairs").filter({ hasText: "missing cells filled" }).waitFor();
    await page.getByTestId("time-column").selectOption({ label: "none, count rows" });
    await page.getByTestId("detection").filter({ hasText: "rows are numbered" }).waitFor();
    await page.getByTestId("time-column").selectOption({ label: "date" });
    await page.getByTestId("detection").filter({ hasText: 'Time column "date"' }).waitFor();
    assert.equal(await page.getByTestId("missing").inputValue(), "-9999");

    await page.getByTestId("sample-waves").click();
    await page.getByTestId("table-name").filter({ hasText: "synthetic-waves" }).waitFor();
    assert.equal(await page.getByTestId("missing").inputValue(), "");
    assert.equal(await page.getByTestId("time-column").inputValue(), "0");
  }));

test("a file that cannot be read can be read with other options", MINUTE, () =>
  visit(async (page) => {
    const words = rows("date,load,price", (row, at) => `${at},${row % 50 ? row % 24 : "k.A."},${row % 7}`);
    await give(page, "words.csv", words);
    await page.getByTestId("data-problem").filter({ hasText: '"k.A." is not a number' }).waitFor();
    assert.equal(await page.getByTestId("table-name").count(), 0);
    await page.getByTestId("missing").fill("k.A.");
    await page.getByTestId("missing").blur();
    await page.getByTestId("table-name").filter({ hasText: "words.csv: 400 rows × 2 channels" }).waitFor();
    assert.equal(await page.getByTestId("data-problem").count(), 0);

    // An option that does not work is shown with its error and can be undone.
    await page.getByTestId("reading").locator("summary").click();
    await page.getByTestId("delimiter").selectOption("semicolon");
    await page.getByTestId("data-problem").waitFor();
    assert.equal(await page.getByTestId("delimiter").inputValue(), "2");
    await page.getByTestId("delimiter").selectOption("comma");
    await page.getByTestId("data-problem").waitFor({ state: "detached" });
  }));

test("channels are removed and added", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await page.getByText("Channels: 5 of 5 are used").click();
    await page.getByTestId("channel-noise").uncheck();
    await page.getByTestId("channel-walk").uncheck();
    assert.match(await text(page, "table-name"), /× 3 channels/);
    assert.deepEqual(await page.getByTestId("data-channel").locator("option").allTextContents(), ["lead", "echo", "tide"]);
    await page.getByTestId("channel-lead").uncheck();
    await page.getByTestId("channel-echo").uncheck();
    assert.ok(await page.getByTestId("channel-tide").isDisabled(), "a model forecasts at least one");
    await page.getByRole("button", { name: "Use all" }).click();
    assert.match(await text(page, "table-name"), /× 5 channels/);
  }));

test("a file that is dropped anywhere is loaded", MINUTE, () =>
  visit(async (page) => {
    for (const [number, place] of ["#model", ".masthead", "[data-testid=drop]"].entries()) {
      await drop(page, place, `dropped-${number}.csv`, TABLE);
      await page.getByTestId("table-name").filter({ hasText: `dropped-${number}.csv` }).waitFor();
    }
  }));

test("a dropped file does not replace a locked table", MINUTE, () =>
  visit(
    async (page) => {
      await page.getByTestId("table-name").filter({ hasText: "synthetic-waves" }).waitFor();
      for (const place of ["#model", "[data-testid=drop]"]) await drop(page, place, "mine.csv", TABLE);
      await page.locator(".message").filter({ hasText: "Your teacher" }).first().waitFor();
      assert.match(await text(page, "table-name"), /synthetic-waves/);
    },
    { hash: "#new&table=waves&lock=data" },
  ));

const FAR = "https://tables.example";

test("a table is loaded from an address, or the error is shown", MINUTE, () =>
  visit(
    async (page, { address }) => {
      await page.route(`${FAR}/**`, async (route) => {
        const { pathname } = new URL(route.request().url());
        const headers = { "access-control-allow-origin": pathname.startsWith("/closed") ? "https://other.example" : "*" };
        if (pathname.startsWith("/none")) await route.fulfill({ status: 404, headers });
        else if (pathname.startsWith("/slow")) setTimeout(() => route.fulfill({ headers, body: TABLE }), 700);
        else await route.fulfill({ headers, body: TABLE });
      });
      const load = async (address) => {
        await page.getByTestId("address").fill(address);
        await page.getByRole("button", { name: "Load", exact: true }).click();
      };
      const problem = (words) => page.getByTestId("data-problem").filter({ hasText: words }).waitFor();
      await page.getByText("… or load it from an address").click();

      await load(`${FAR}/slow/the%20load.csv?key=1#top`);
      await page.getByTestId("loading").filter({ hasText: "being loaded" }).waitFor();
      await page.getByTestId("table-name").filter({ hasText: /^the load\.csv: 400 rows/ }).waitFor();
      assert.equal(await text(page, "loading"), "");
      await load(`${FAR}/none.csv`);
      await problem("answered 404");
      await load(`${FAR}/closed.csv`);
      await problem("does not let pages read it");
      await load("http://tables.example/load.csv");
      await problem("from https addresses only");
      assert.match(await text(page, "table-name"), /the load\.csv/, "the earlier table is kept");
      await load(`${address}demo/nyc-weather-2013.csv`);
      await page.getByTestId("table-name").filter({ hasText: "nyc-weather-2013.csv" }).waitFor();
    },
    { context: { serviceWorkers: "block" }, expected: /404|CORS|Failed to load|ERR_FAILED/ },
  ));
