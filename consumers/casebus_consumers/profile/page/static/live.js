// Keeps an open page current: the service says when there is something new, and the page fetches itself anew.
// Without this file everything works, only not by itself.
"use strict";

const main = document.querySelector("main[data-live]");

function show(state, text) {
  const live = document.getElementById("live");
  if (live === null) return;
  live.dataset.state = state;
  const words = live.querySelector(".live-text");
  words.textContent = words.dataset[text];
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main[data-live]");
  if (fresh === null) return;
  // Whoever uses the keyboard stays where they were.
  const focused = main.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  main.replaceChildren(...fresh.childNodes);
  main.dataset.refreshed = String(Number(main.dataset.refreshed || 0) + 1);
  if (focused !== null) main.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  show("on", "news");
  setTimeout(() => show("on", "on"), 8000);
}

if (main !== null && "EventSource" in window) {
  const events = new EventSource(main.dataset.live);
  events.addEventListener("open", () => show("on", "on"));
  events.addEventListener("overview", () => refresh().catch(() => show("off", "off")));
  events.addEventListener("error", () => show("off", "off"));
}
