/* What htmx leaves to the page: polls rest while nobody looks, a refused request says why instead of nothing at all. */

const polled = (ctx) => ctx && ctx.sourceEvent && ctx.sourceEvent.type === "every";

document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && polled(event.detail.ctx)) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.dispatchEvent(new Event("wake"));
});

function mark(off) {
  document.querySelectorAll(".live").forEach((light) => light.classList.toggle("is-off", off));
}

document.addEventListener("htmx:error", (event) => {
  mark(true);
  if (!polled(event.detail.ctx)) say(document.body.dataset.lost, "soon");
});

document.addEventListener("htmx:after:swap", (event) => {
  mark(false);
  const first = event.target instanceof Element && event.target.querySelector("[data-focus]");
  if (first) first.focus();
});

/** A refusal comes as a page: its title and its advice are what the reader needs here. */
document.addEventListener("htmx:response:error", (event) => {
  const ctx = event.detail.ctx;
  if (polled(ctx) || ctx.response.status === 422) return;
  const page = new DOMParser().parseFromString(ctx.text || "", "text/html");
  const words = [...page.querySelectorAll(".lead h1, .lead p")].map((part) => part.textContent.trim());
  say(words.join(" – ") || document.body.dataset.lost, "late");
});

function say(text, kind) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
}
