// Studies in a browser tab: an engine worker shows a study.json or runs a small study. Both end with the
// same views as the command line's study.html.
const DEMO = "nyc-weather-2013.csv";
const QUICK_SCORERS = ["sensitivity-sum", "entropy", "magnitude", "first", "last"];
const LOADING = "The engine is loading …";
const element = (id) => document.getElementById(id);
const form = element("study");
const [bar, words, views, save, stop] = ["bar", "words", "views", "save", "stop"].map(element);
const start = form.querySelector("[type=submit]");

let worker;
let engine; // A promise of a worker that is ready.
let models;
let found; // The study.json that was computed here.

function showStatus(message, bad = false) {
  words.textContent = message;
  words.classList.toggle("error", bad);
}

function busy(is) {
  start.disabled = is || !models;
  stop.hidden = !is;
  bar.hidden = !is;
  if (is) {
    bar.max = 1;
    bar.removeAttribute("value");
  }
}

function end(message, bad) {
  worker?.terminate();
  worker = engine = undefined;
  busy(false);
  showStatus(message, bad);
}

// Inserts the engine's views without the document around them: its styles are loaded already, and the
// content security policy blocks inline styles.
function show(html) {
  const inner = html.slice(html.indexOf("<main>"), html.lastIndexOf("</main>"));
  const drawn = new DOMParser().parseFromString(inner, "text/html");
  views.replaceChildren(...drawn.querySelectorAll("main"));
  // Smooth or not by the style sheet, which respects reduced motion.
  views.scrollIntoView();
}

const handlers = {
  part: ({ name }) => showStatus(name),
  wanted: ({ tasks, known }) => {
    if (!bar.hasAttribute("value")) [bar.max, bar.value] = [0.001, 0];
    bar.max += tasks;
    bar.value += known;
  },
  began: ({ name }) => showStatus(name),
  ended: () => (bar.value += 1),
  shown: ({ html, json }) => {
    found = json;
    save.hidden = !json;
    end(json ? "The study is done. Its figures are below." : "The study's figures are below.");
    show(html);
  },
  failed: ({ message }) => end(message, true),
};

// Form fields of the model's settings, from the engine's catalogue.
function showSettings() {
  const { fields } = models.find(({ id }) => id === form.elements.model.value);
  const labels = fields.map(([{ flag, label, help, range }, value]) => {
    const input = document.createElement("input");
    if (range === "switch") Object.assign(input, { type: "checkbox", checked: value });
    else {
      const { min, max } = range.count ?? { min: 0, max: 1 };
      Object.assign(input, { type: "number", required: true, min, max, step: range.count ? 1 : "any", value });
    }
    input.name = flag;
    const field = Object.assign(document.createElement("label"), { className: "field", title: help });
    field.append(label, " ", input);
    return field;
  });
  element("settings").replaceChildren(...labels);
}

// Checkboxes of the baseline scorers; the fast ones are checked.
function showScorers(scorers) {
  const labels = scorers.map(({ name, title }) => {
    const input = Object.assign(document.createElement("input"), { type: "checkbox", name: "scorers", value: name });
    input.checked = QUICK_SCORERS.includes(name);
    const label = document.createElement("label");
    label.append(input, " ", title);
    return label;
  });
  element("scorers").append(...labels);
}

function showModels(all) {
  models = all;
  form.elements.model.replaceChildren(...models.map(({ id, title }) => new Option(title, id)));
  showSettings();
  if (!stop.hidden) return;
  start.disabled = false;
  showStatus("");
}

// A worker handles one request; it is stopped by terminating it.
function startEngine() {
  return new Promise((ready) => {
    const started = new Worker("../spat-worker_loader.js", { type: "module", name: "study" });
    worker = started;
    started.onerror = ({ message }) => end(message || "the engine's files could not be loaded", true);
    started.onmessage = ({ data }) => {
      const { type, ...fields } = JSON.parse(data);
      if (type !== "ready") return handlers[type]?.(fields);
      if (!models) {
        showScorers(fields.scorers);
        showModels(fields.models);
      }
      ready(started);
    };
  });
}

async function send(request, bytes) {
  if (!stop.hidden) end("");
  found = undefined;
  save.hidden = true;
  views.replaceChildren();
  busy(true);
  showStatus(LOADING);
  engine ??= startEngine();
  (await engine).postMessage([JSON.stringify(request), bytes], [bytes.buffer]);
}

const bytesOf = async (file) => new Uint8Array(await file.arrayBuffer());

document.querySelector("[data-testid=study-file]").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (file) send({ type: "show" }, await bytesOf(file));
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = new FormData(form);
  const number = (name) => Number(chosen.get(name));
  const [file] = form.elements.table.files;
  try {
    const bytes = file ? await bytesOf(file) : new Uint8Array(await (await fetch(`../demo/${DEMO}`)).arrayBuffer());
    const numbers = ["lookback", "horizon", "epochs", "seeds"];
    const settings = [...element("settings").querySelectorAll("input")];
    send(
      {
        type: "run",
        table: file?.name ?? DEMO,
        model: chosen.get("model"),
        settings: Object.fromEntries(
          settings.map(({ name, type, checked, value }) => [name, type === "checkbox" ? checked : Number(value)]),
        ),
        scorers: chosen.getAll("scorers"),
        ...Object.fromEntries(numbers.map((name) => [name, number(name)])),
      },
      bytes,
    );
  } catch (error) {
    showStatus(`The table could not be read: ${error.message}`, true);
  }
});

stop.addEventListener("click", () => end("Stopped. No results are stored."));

save.addEventListener("click", () => {
  const address = URL.createObjectURL(new Blob([found], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href: address, download: "study.json" }).click();
  URL.revokeObjectURL(address);
});

form.elements.model.addEventListener("change", showSettings);

showStatus(LOADING);
engine = startEngine();
