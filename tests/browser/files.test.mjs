// Downloads: charts as SVG and PNG, and the archive.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { chooseSample, prune, train } from "./steps.mjs";
import { visit } from "./visit.mjs";

const MINUTE = { timeout: 120_000 };

/** The file that a button downloads. */
async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return readFile(await download.path());
}

/** Width and height in a PNG's first chunk. */
function size(png) {
  assert.equal(png.subarray(12, 16).toString(), "IHDR");
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

/** Names and contents of an archive without compression. */
function unpacked(zip) {
  const files = new Map();
  let at = zip.readUInt32LE(zip.length - 6);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const [bytes, named] = [zip.readUInt32LE(at + 24), zip.readUInt16LE(at + 28)];
    const start = zip.readUInt32LE(at + 42) + 30 + named;
    files.set(zip.subarray(at + 46, at + 46 + named).toString(), zip.subarray(start, start + bytes));
    at += 46 + named;
  }
  return files;
}

test("charts and maps are saved in high resolution with a size and a background", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    const series = page.locator("figure[data-name=series]");
    const [width, height] = size(await saved(page, series.getByRole("button", { name: "PNG" })));
    assert.ok(width >= 1800 && height >= 500, `${width} × ${height}`);
    const svg = (await saved(page, series.getByRole("button", { name: "SVG" }))).toString();
    assert.match(svg, /<svg xmlns="[^"]+" width="912" height="\d+"/);
    assert.match(svg, /<rect width="100%" height="100%"/);

    await train(page);
    for (const map of ["attention-map", "sensitivity-map"]) {
      const place = page.getByTestId(map);
      const [wide, tall] = size(await saved(page, place.getByRole("button", { name: "PNG" })));
      assert.ok(wide >= 1500 && tall >= 1500, `${map}: ${wide} × ${tall}`);
      const drawn = (await saved(page, place.getByRole("button", { name: "SVG" }))).toString();
      for (const name of ["echo", "query ↓", "key →"]) assert.ok(drawn.includes(`>${name}</text>`), name);
    }
  }));

test("a failed PNG export is reported", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await page.evaluate(() => {
      HTMLCanvasElement.prototype.toBlob = (done) => done(null);
    });
    await page.locator("figure[data-name=series]").getByRole("button", { name: "PNG" }).click();
    await page.locator(".message").filter({ hasText: "could not save `spat-series.png`" }).waitFor();
  }));

test("the archive has every chart and the future forecast", MINUTE, () =>
  visit(async (page) => {
    await chooseSample(page, "sample-waves");
    await train(page);
    await prune(page);
    await page.getByTestId("save-future").and(page.locator(":enabled")).waitFor();
    const files = unpacked(await saved(page, page.getByTestId("save-zip")));
    const shown = await page.evaluate(() => [
      ...[...document.querySelectorAll("figure.chart")].map((figure) => figure.dataset.name),
      ...[...document.querySelectorAll("figure.heat")].map((figure) => figure.dataset.testid),
    ]);
    assert.ok(shown.length >= 10, String(shown));
    for (const name of shown) {
      const drawing = files.get(`drawings/spat-${name}.svg`)?.toString();
      assert.match(drawing ?? "nothing", /^<\?xml[^]*<svg xmlns="[^"]+" width="\d+" height="\d+"[^]*<\/svg>\s*$/, name);
    }
    assert.match(files.get("spat-future.csv").toString(), /^row,stamp,channel,dense,pruned,/);
    assert.ok(files.get("report.json").length > 1000 && files.has("pruned.safetensors"));
  }));
