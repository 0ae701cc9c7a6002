// Starts the page's module, whose hashed names stand on this script's own element.
const { module, wasm } = document.getElementById("start").dataset;
const from = (name) => new URL(name, import.meta.url);

import(from(module))
  .then(({ default: init }) => init({ module_or_path: from(wasm) }))
  .catch((error) => {
    console.error(error);
    const words = document.getElementById("first-words");
    if (!words) return; // The page is there: what failed is its own to tell.
    words.className = "error";
    words.setAttribute("role", "alert");
    words.textContent = navigator.onLine
      ? `The page could not start in this browser (${error.message}). It needs a current Chrome, Edge, Firefox or Safari with WebAssembly allowed; a blocker may hold its files back. Reload to try again.`
      : "You are offline and this browser has not kept the page yet. Reload when you are connected.";
  });
