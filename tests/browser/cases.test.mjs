// Files as people have them: the web app shows the same as the command line.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { PROGRAM, ROOT, programMissing } from "./program.mjs";
import { text } from "./steps.mjs";
import { visit } from "./visit.mjs";

const TESTS = join(ROOT, "crates/spat-series/tests");
const files = (folder) => readdirSync(join(TESTS, folder)).map((name) => join(TESTS, folder, name));

/** What `spat inspect` prints of a file: its facts, its detection, or its refusal. */
function inspect(path) {
  const { status, stdout, stderr } = spawnSync(PROGRAM, ["inspect", path, "--json"], { encoding: "utf8" });
  // The command line names its flags after the reason.
  if (status !== 0) return { refusal: stderr.trim().replace(/^spat: .*?: /, "").replace(/ \(see [^)]*\)$/, "") };
  const { rows, channels, frequency, first } = JSON.parse(stdout);
  // The web app names eight columns and counts the rest.
  const names = channels.map(({ name }) => name);
  const more = names.length > 8 ? [`+${names.length - 8} more`] : [];
  return { rows, channels: [...names.slice(0, 8), ...more], frequency, first };
}

/** What the web app shows of it. */
async function shown(page, path) {
  await page.getByTestId("sample-waves").click();
  await page.getByTestId("table-name").filter({ hasText: "synthetic-waves" }).waitFor();
  await page.getByTestId("file").setInputFiles(path);
  const name = page.getByTestId("table-name").filter({ hasText: path.split("/").at(-1) });
  await name.or(page.getByTestId("data-problem")).first().waitFor();
  if (await page.getByTestId("data-problem").isVisible()) {
    // It names the file before the reason, and the table that stays open after it.
    const stays = await text(page, "still-open");
    const problem = (await text(page, "data-problem")).replace(stays, "").trim();
    return { refusal: problem.replace(/^.*?: /, "") };
  }
  const [, rows, frequency] = /: (\S+) rows? × \S+ channels?, (.*)$/.exec(await name.textContent());
  const heads = page.locator(".findings + div thead th");
  const [, ...channels] = await heads.allTextContents();
  const first = await page.locator(".findings + div tbody tr").first().locator("th, td").first().textContent();
  return { rows: Number(rows.replace(/\D/g, "")), channels, frequency, first };
}

for (const folder of ["cases", "containers"]) {
  test(
    `the web app shows every file of ${folder} as the command line does`,
    { timeout: 180_000, skip: programMissing() },
    () =>
      visit(async (page) => {
        const differences = [];
        for (const path of files(folder)) {
          const [found, expected] = [await shown(page, path), inspect(path)];
          if (!isDeepStrictEqual(found, expected)) differences.push({ path, found, expected });
        }
        assert.deepEqual(differences, []);
      }),
  );
}

test("a table in an older encoding and one in UTF-16 are read", { timeout: 60_000 }, () =>
  visit(async (page) => {
    const table = "Tag;Wärme\n01.01.2024;1,5\n02.01.2024;2,5\n03.01.2024;3,5\n";
    for (const [name, encoding] of [
      ["latin.csv", "latin1"],
      ["wide.csv", "utf16le"],
    ]) {
      const buffer = Buffer.from(table, encoding);
      await page.getByTestId("file").setInputFiles({ name, mimeType: "text/csv", buffer });
      await page.getByTestId("table-name").filter({ hasText: `${name}: 3 rows × 1 channel` }).waitFor();
      const heads = await page.locator(".findings + div thead th").allTextContents();
      assert.equal(heads[1], "Wärme");
    }
  }),
);

test("the reader of workbooks is loaded for such files only", { timeout: 60_000 }, () =>
  visit(async (page) => {
    const loaded = [];
    page.on("request", (request) => loaded.push(request.url()));
    const reader = () => loaded.filter((url) => url.includes("spat-reader")).length;
    await page.getByTestId("sample-waves").click();
    await page.getByTestId("table-name").waitFor();
    assert.equal(reader(), 0);
    const workbook = readFileSync(join(TESTS, "containers/small.xlsx"));
    const mimeType = "application/octet-stream";
    await page.getByTestId("file").setInputFiles({ name: "small.xlsx", mimeType, buffer: workbook });
    await page.getByTestId("detection").filter({ hasText: "sheet" }).waitFor();
    assert.ok(reader() > 0);
  }),
);
