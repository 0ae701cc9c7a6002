// Caches the app for offline use. Files with a hash in their name never change and are served from the
// cache; everything else is fetched, with the cache as a fallback.
const KEPT = "spat";
const FIRST = [
  "./",
  "./spat-worker_loader.js",
  "./spat-reader_loader.js",
  "./study/index.html",
  "./demo/nyc-weather-2013.csv",
  "./examples/weather.json",
  "./examples/brief.json",
  "./examples/newark.json",
  "./lessons/README.md",
  "./lessons/1-what-attention-does.md",
  "./lessons/2-a-degenerate-map.md",
  "./lessons/3-scoring-with-send.md",
  "./lessons/4-how-far-can-you-prune.md",
  "./lessons/5-does-it-travel.md",
];
const HASHED = /-[0-9a-f]{8,16}(_bg)?\.(css|js|wasm)$/;
// References from our files to our other files: attributes, imports, URLs of modules.
const NAMES = [
  /(?:href|src|data-module|data-wasm)="?(\.\/[^"\s>]+)/g,
  /(?:from|import)\s*\(?["'](\.[^"']+)["']/g,
  /new URL\(["']([^"']+)["']/g,
];

// Caches everything that the app needs by following references; returns the addresses.
async function gather(cache) {
  const found = new Set(FIRST.map((name) => new URL(name, registration.scope).href));
  for (const address of found) {
    const kept = HASHED.test(address) && (await cache.match(address));
    const answer = kept || (await fetch(address, { cache: "no-cache" }));
    if (!answer.ok) continue;
    if (!kept) await cache.put(address, answer.clone());
    if (!/html|javascript/.test(answer.headers.get("content-type"))) continue;
    const text = await answer.text();
    for (const pattern of NAMES) {
      for (const [, name] of text.matchAll(pattern)) {
        const next = new URL(name, address);
        if (next.href.startsWith(registration.scope)) found.add(next.href);
      }
    }
  }
  return found;
}

// Caches the current files, then deletes hashed files of earlier versions.
async function refresh() {
  const cache = await caches.open(KEPT);
  const needed = await gather(cache);
  for (const { url } of await cache.keys()) {
    if (HASHED.test(url) && !needed.has(url)) await cache.delete(url);
  }
}

async function serve({ request }, later) {
  const cache = await caches.open(KEPT);
  const visit = request.mode === "navigate";
  // All navigations serve the app's document, except to the study page.
  const own = visit && !new URL(request.url).pathname.endsWith("/study/index.html");
  const kept = await cache.match(own ? "./" : request, { ignoreSearch: true, ignoreVary: true });
  if (kept && HASHED.test(request.url)) return kept;
  const answer = await fetch(request).catch((error) => kept ?? Promise.reject(error));
  if (answer === kept || !answer.ok) return answer;
  // The server does not allow caching.
  if (/no-store/.test(answer.headers.get("cache-control"))) return answer;
  if (!own) later(cache.put(request, answer.clone()));
  else if ((await answer.clone().text()) !== (await kept?.text())) later(refresh());
  return answer;
}

addEventListener("install", (event) => event.waitUntil(refresh().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const ours = event.request.url.startsWith(registration.scope);
  if (ours && event.request.method === "GET") event.respondWith(serve(event, (work) => event.waitUntil(work)));
});
