// The desktop program under WebDriver: WebKitGTK's own driver, on a screen that nobody sees.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TARGET = process.env.SPAT_TARGET ?? new URL("../../target", import.meta.url).pathname;
export const WINDOW = join(TARGET, "release", "spat-desktop");
export const SPAT = join(TARGET, "release", "spat");

const pause = (ms) => new Promise((go) => setTimeout(go, ms));

/** Asks until the answer is one, or the time is over. */
export async function until(what, ask, timeout = 60_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${timeout / 1000} s for ${what}`);
    await pause(100);
  }
}

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

/** Processes below `parent`, itself included. */
export function family(parent) {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It has just ended.
    }
  }
  const found = [parent];
  for (const pid of found) {
    for (const [child, of] of parents) if (of === pid) found.push(child);
  }
  return found;
}

/** A process's memory with its share of what it shares, megabytes. */
export const share = (pid) =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]) / 1024;

/** The same by what is mapped, the largest first. */
export function mappings(pid) {
  const sizes = new Map();
  let name;
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    const head = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (head) name = head[1].split("/").at(-1) || "memory of its own";
    const size = /^Pss:\s+(\d+)/.exec(line);
    if (size) sizes.set(name, (sizes.get(name) ?? 0) + Number(size[1]) / 1024);
  }
  return [...sizes].sort(([, a], [, b]) => b - a);
}

/** Seconds of a core that a process has taken. */
export function processorTime(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A tick is a hundredth of a second on every Linux.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The process that shows the page of the program `parent`. */
export const webProcess = (parent) => family(parent).find((pid) => nameOf(pid).startsWith("WebKitWebPro"));

export const nameOf = (pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim();

/** A screen that nobody sees, and what a program needs to know to show itself there in a home of its own. */
async function screen(home) {
  const stdio = process.env.SPAT_TALK ? "inherit" : "ignore";
  // The server says by the third of its files which number it has.
  const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1440x1000x24", "-nolisten", "tcp"], {
    stdio: ["ignore", stdio, stdio, "pipe"],
  });
  const [number] = await once(server.stdio[3], "data");
  const name = `:${String(number).trim()}`;
  const env = {
    ...process.env,
    DISPLAY: name,
    HOME: home,
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_DATA_HOME: join(home, "data"),
    XDG_CACHE_HOME: join(home, "cache"),
    SPAT_RUNS: join(home, "runs"),
  };
  return { server, name, options: { stdio, env } };
}

const fresh = () => mkdtempSync(join(tmpdir(), "spat-desktop-"));

/** The program by itself, as a person starts it; `look` gets its process. */
export async function alone(look) {
  const { server, options } = await screen(fresh());
  const program = spawn(WINDOW, [], options);
  try {
    await look(program);
  } finally {
    program.kill("SIGKILL");
    server.kill();
  }
}

/** The program's window in a home of its own, under the driver. */
export class Desktop {
  static async open({ home = fresh(), args = [] } = {}) {
    const desktop = new Desktop();
    const { server, name, options } = await screen(home);
    desktop.screen = server;
    desktop.screenName = name;
    desktop.runs = join(home, "runs");
    const port = await freePort();
    desktop.address = `http://127.0.0.1:${port}`;
    desktop.driver = spawn("WebKitWebDriver", [`--port=${port}`], {
      ...options,
      env: { ...options.env, TAURI_WEBVIEW_AUTOMATION: "true" },
    });
    await until("the driver", () => fetch(`${desktop.address}/status`).then((r) => r.ok, () => false), 30_000);
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": { binary: WINDOW, args } } };
    const { sessionId } = await desktop.call("POST", "/session", { capabilities });
    desktop.session = sessionId;
    // A script that meets the page while it loads is answered from the empty one before it for good.
    await pause(1500);
    await until("the page", () => desktop.run(() => !document.getElementById("first-paint") && location.protocol === "tauri:"));
    return desktop;
  }

  async call(method, path, body) {
    const answer = await fetch(`${this.address}${path}`, {
      method,
      body: body && JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  }

  /** Runs a function in the page. */
  run(work, ...args) {
    const script = `return (${work}).apply(null, arguments)`;
    return this.call("POST", `/session/${this.session}/execute/sync`, { script, args });
  }

  /** Runs a function in the page that calls its argument when it is done. */
  async runUntilDone(work, timeout = 300_000) {
    await this.call("POST", `/session/${this.session}/timeouts`, { script: timeout });
    return this.call("POST", `/session/${this.session}/execute/async`, {
      script: `(${work})(arguments[0])`,
      args: [],
    });
  }

  text(name) {
    return this.run((name) => document.querySelector(`[data-testid="${name}"]`)?.textContent ?? null, name);
  }

  /** Presses a button or chooses a choice, once it can be. */
  async press(name, timeout) {
    const found = await until(
      `${name} to press`,
      () => this.run((name) => Boolean(document.querySelector(`[data-testid="${name}"]:enabled`)), name),
      timeout,
    );
    await this.run((name) => document.querySelector(`[data-testid="${name}"]`).click(), name);
    return found;
  }

  async fill(name, value) {
    await this.run(
      (name, value) => {
        const field = document.querySelector(`[data-testid="${name}"]`);
        field.value = value;
        for (const kind of ["input", "change", "blur"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
      },
      name,
      String(value),
    );
  }

  /** The program's own process. */
  process() {
    return family(this.driver.pid).find((pid) => nameOf(pid) === "spat-desktop");
  }

  async close() {
    await this.call("DELETE", `/session/${this.session}`).catch(() => {});
    for (const pid of family(this.driver.pid).reverse()) {
      try {
        process.kill(pid, "SIGTERM");
      } catch {
        // It has ended by itself.
      }
    }
    this.screen.kill();
  }
}
