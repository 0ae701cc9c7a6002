// Applies the stored colour scheme before the first paint.
try {
  const scheme = localStorage.getItem("spat-colours");
  if (scheme === "light" || scheme === "dark") document.documentElement.dataset.theme = scheme;
} catch {
  // Storage is blocked: use the system's colours.
}
