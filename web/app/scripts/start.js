// Starts the app's module. Its hashed file names are attributes of this script element.
const { module, wasm } = document.getElementById("start").dataset;
const from = (name) => new URL(name, import.meta.url);

import(from(module))
  .then(({ default: init }) => init({ module_or_path: from(wasm) }))
  .catch((error) => {
    console.error(error);
    const words = document.getElementById("first-words");
    if (!words) return; // The app has started and reports its own errors.
    words.className = "error";
    words.setAttribute("role", "alert");
    words.textContent = navigator.onLine
      ? `The app could not start in this browser (${error.message}). It needs a current Chrome, Edge, Firefox or Safari with WebAssembly allowed; a content blocker may block its files. Reload to try again.`
      : "You are offline and this browser has not stored the app yet. Reload when you are connected.";
  });
