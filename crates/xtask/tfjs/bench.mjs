// Compares our training step with TensorFlow.js's, in the same Chromium, on the same sizes.
// Prints one JSON line per round; `cargo xtask bench --browser` reads them.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch } from "../../../tests/browser/visit.mjs";
import { serve } from "../../../tests/browser/server.mjs";

const [, , rounds = "3", engine = "cpu"] = process.argv;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const library = (name) => readFile(here(`node_modules/@tensorflow/${name}`));

const FILES = {
  "tf.js": () => library("tfjs/dist/tf.min.js"),
  "tf-wasm.js": () => library("tfjs-backend-wasm/dist/tf-backend-wasm.min.js"),
  "tf-webgpu.js": () => library("tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js"),
  "tfjs-backend-wasm.wasm": () => library("tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm"),
  "tfjs-backend-wasm-simd.wasm": () => library("tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm"),
  "itransformer.js": () => readFile(here("itransformer.js")),
  "experiment.json": () => readFile(here("experiment.json")),
  "table.csv": async () => table(),
  "tfjs.html": async () =>
    '<!doctype html><script src="tf.js"></script><script src="tf-wasm.js"></script><script src="tf-webgpu.js"></script>',
  "ours.html": async () => "<!doctype html>",
};

/** Seven channels, hour by hour: enough for one epoch of a few steps. */
export function table() {
  let text = "date,a,b,c,d,e,f,g\n";
  for (let row = 0; row < 520; row++) {
    const at = new Date(Date.UTC(2024, 0, 1, row)).toISOString().slice(0, 19).replace("T", " ");
    const values = Array.from({ length: 7 }, (_, c) => Math.sin(row / (3 + c)) + ((row * 7919 + c * 31) % 97) / 97);
    text += `${at},${values.map((value) => value.toFixed(4)).join(",")}\n`;
  }
  return text;
}

/** Median milliseconds of a step of TensorFlow.js. */
async function theirs(page, address, backend, steps) {
  await page.goto(`${address}tfjs.html`);
  return page.evaluate(
    async ({ backend, steps }) => {
      if (backend === "wasm") tf.wasm.setWasmPaths("./");
      await tf.setBackend(backend);
      await tf.ready();
      const { itransformer } = await import("./itransformer.js");
      const step = itransformer();
      await step();
      await step();
      const times = [];
      for (let i = 0; i < steps; i++) {
        const start = performance.now();
        await step();
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[Math.floor(steps / 2)];
    },
    { backend, steps },
  );
}

/** Median milliseconds of a step of ours, as the worker's own report has it. */
async function ours(page, address, engine) {
  await page.goto(`${address}ours.html`);
  return page.evaluate(async (engine) => {
    const experiment = await (await fetch("./experiment.json")).json();
    const table = new Uint8Array(await (await fetch("./table.csv")).arrayBuffer());
    const words = (value) => new TextEncoder().encode(JSON.stringify(value));
    const worker = new Worker("./spat-worker_loader.js", { type: "module" });
    const send = (order, ...bytes) => worker.postMessage([words(order), ...bytes]);
    return new Promise((done, fail) => {
      worker.onerror = (error) => fail(error.message);
      worker.onmessage = ({ data }) => {
        const notice = JSON.parse(new TextDecoder().decode(data[0]));
        if (notice.notice === "ready") {
          send({ order: "open", run: "bench", table: "bench.csv", engine }, table);
          send({ order: "command", command: "run", experiment });
        }
        if (notice.event === "done") {
          worker.terminate();
          done(notice.report.dense.step_ms_median);
        }
        if (notice.event === "failed" || notice.notice === "broken") fail(notice.message);
      };
    });
  }, engine);
}

const host = await serve(FILES);
const browser = await launch(engine === "gpu");
try {
  const page = await browser.newPage();
  const [backend, steps] = engine === "gpu" ? ["webgpu", 3] : ["wasm", 15];
  for (let round = 0; round < Number(rounds); round++) {
    const spat = await ours(page, host.address, engine);
    const tfjs = await theirs(page, host.address, backend, steps);
    console.log(JSON.stringify({ engine, spat, tfjs }));
  }
} finally {
  await browser.close();
  await host.close();
}
