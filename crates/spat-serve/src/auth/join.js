// Hands the token in, typed or from behind the address's `#`, which browsers send to nobody.
const words = document.getElementById("words");
const field = document.getElementById("token");
const byLink = location.pathname === "/join";

async function join(token) {
  words.textContent = "Joining …";
  try {
    const answer = await fetch("/join", { method: "POST", body: token });
    if (!answer.ok) words.textContent = await answer.text();
    else if (byLink) location.replace("/");
    else location.reload();
  } catch {
    words.textContent = "The server does not answer. Is it still running, and are you in its network?";
  }
}

document.getElementById("join").addEventListener("submit", (event) => {
  event.preventDefault();
  join(field.value);
});

function take() {
  const token = decodeURIComponent(location.hash.slice(1));
  if (!byLink || !token) return;
  // Out of the address, so that it is in no screenshot and no bookmark.
  history.replaceState(null, "", "/join");
  field.value = token;
  join(token);
}
addEventListener("hashchange", take);
take();
