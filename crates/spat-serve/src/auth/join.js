// Posts the token, which is typed or in the fragment of the address. Browsers do not send fragments.
const message = document.getElementById("message");
const field = document.getElementById("token");
const byLink = location.pathname === "/join";

async function join(token) {
  message.textContent = "Joining …";
  try {
    const response = await fetch("/join", { method: "POST", body: token });
    if (!response.ok) message.textContent = await response.text();
    else if (byLink) location.replace("/");
    else location.reload();
  } catch {
    message.textContent = "The server does not answer. Is it still running, and are you in its network?";
  }
}

document.getElementById("join").addEventListener("submit", (event) => {
  event.preventDefault();
  join(field.value);
});

function joinByLink() {
  const token = decodeURIComponent(location.hash.slice(1));
  if (!byLink || !token) return;
  // Removes the token from the address, so that screenshots and bookmarks do not contain it.
  history.replaceState(null, "", "/join");
  field.value = token;
  join(token);
}
addEventListener("hashchange", joinByLink);
joinByLink();
