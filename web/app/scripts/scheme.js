// Sets the colours that were chosen on an earlier visit, before anything is painted.
try {
  const scheme = localStorage.getItem("spat-colours");
  if (scheme === "light" || scheme === "dark") document.documentElement.dataset.theme = scheme;
} catch {
  // Storage is forbidden here: the system's colours stay.
}
