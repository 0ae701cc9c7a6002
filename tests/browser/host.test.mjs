// The web app of `spat serve --engine host`: join link, computation on the host, shared engine.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { PROGRAM, ROOT, programMissing } from "./program.mjs";
import { text, loadToy, train, prune } from "./steps.mjs";
import { launch } from "./visit.mjs";

const MINUTES = { timeout: 180_000, skip: programMissing() };

async function freePort() {
  const probe = createServer();
  await new Promise((ready) => probe.listen(0, "127.0.0.1", ready));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/** Starts the server with `more` options; returns its link and a function that stops it. */
async function serve(folder, port, more) {
  const options = ["serve", "--no-open", "--engine", "host", "--device", "cpu", "--called", "Room 7"];
  const places = ["--page", join(ROOT, "dist"), "--folder", folder, "--port", String(port), "--turn", "1"];
  const child = spawn(PROGRAM, [...options, ...places, ...more], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.once("exit", done));
  const link = await new Promise((told) => createInterface(child.stdout).once("line", told));
  const end = (signal) => {
    child.kill(signal);
    return ended;
  };
  return { link, end };
}

/** Runs `check` with a server, a browser, and visitors with separate browser storage. */
async function host(check, more = []) {
  const folder = mkdtempSync(join(tmpdir(), "spat-host-"));
  const port = await freePort();
  let server = await serve(folder, port, more);
  const browser = await launch();
  const errors = [];
  const visitor = async (state = "Room 7") => {
    const context = await browser.newContext({ acceptDownloads: true });
    const page = await context.newPage();
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(server.link);
    await page.getByTestId("device").filter({ hasText: state }).waitFor();
    return page;
  };
  const restart = async (signal) => {
    await server.end(signal);
    server = await serve(folder, port, more);
  };
  try {
    await check({ visitor, restart, link: server.link });
  } finally {
    await browser.close();
    await server.end("SIGINT");
    rmSync(folder, { recursive: true });
  }
  assert.deepEqual(errors, []);
}

/** Selects a model that trains long enough to be observed. */
async function selectSlowModel(page) {
  const choices = { epochs: 300, layers: 6, width: 256, heads: 8, batch: 1, "learning-rate": 0.00001 };
  for (const [name, value] of Object.entries(choices)) {
    await page.getByTestId(name).fill(String(value));
    await page.getByTestId(name).blur();
  }
}

test("a visitor joins by the link and computes on the host", MINUTES, () =>
  host(async ({ visitor, link }) => {
    const page = await visitor();
    assert.ok(!page.url().includes(link.split("#")[1]), "the token is out of the address");
    assert.match(await text(page, "device"), /Computes on Room 7.*CPU/);
    assert.match(await page.locator(".masthead .private").textContent(), /Room 7/);
    assert.equal(await page.getByTestId("engine-gpu").count(), 0, "there is no engine to choose");
    await loadToy(page);
    await train(page);
    await prune(page);
    assert.match(await text(page, "verdict"), /attention module/);
    const saved = page.waitForEvent("download");
    await page.getByTestId("save-pruned.safetensors").click();
    assert.match((await saved).suggestedFilename(), /pruned\.safetensors/);
    await page.reload();
    await page.getByText("Runs on Room 7").waitFor();
    const kept = page.getByTestId("runs").locator("li");
    await kept.first().waitFor();
    assert.match(await kept.first().locator("input[type=text]").inputValue(), /^toy\.csv/);
  }));

test("visitors compute in turn and see their position", MINUTES, () =>
  host(async ({ visitor }) => {
    const [first, second] = [await visitor(), await visitor()];
    for (const page of [first, second]) await loadToy(page);
    await selectSlowModel(first);
    await first.getByTestId("train-start").click();
    await first.getByTestId("progress-words").filter({ hasText: "steps/s" }).waitFor();
    await train(second);
    await prune(second);
    await first.getByTestId("progress-words").filter({ hasText: /steps\/s|Waiting for a turn/ }).waitFor();
    await first.getByTestId("stop").click();
    await first.getByTestId("progress-words").filter({ hasText: "Stopped" }).waitFor();
  }));

test("a visitor without a place sees the position", MINUTES, () =>
  host(
    async ({ visitor }) => {
      const first = await visitor();
      const second = await visitor("Waiting for a place on the host · this is the next page");
      const third = await visitor("one other visitor gets one first");
      await first.close();
      await second.getByTestId("device").filter({ hasText: "Room 7" }).waitFor({ timeout: 60_000 });
      await third.getByTestId("device").filter({ hasText: "this is the next page" }).waitFor();
    },
    ["--visitors", "1"],
  ));

test("a run continues after the server was killed and restarted", MINUTES, () =>
  host(async ({ visitor, restart }) => {
    const page = await visitor();
    await loadToy(page);
    await selectSlowModel(page);
    await page.getByTestId("train-start").click();
    await page.getByTestId("progress-words").filter({ hasText: /epoch [2-9]/ }).waitFor();
    await restart("SIGKILL");
    await page.getByTestId("engine-broken").waitFor({ timeout: 60_000 });
    await page.getByTestId("engine-go-on").click();
    await page.getByTestId("progress-words").filter({ hasText: "steps/s" }).waitFor();
    await page.getByTestId("prune-start").and(page.locator(":enabled")).waitFor({ timeout: 90_000 });
  }));
