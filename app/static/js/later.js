/* What cannot be taken back waits ten seconds before it is sent: <form data-later="10" data-check="address" data-doing="words">.
   The server is asked first whether it would take it (data-check: 204, nothing is done), photos are sent ahead
   (data-ahead), then a bar counts down with Undo. Whoever leaves or closes the page, or locks the phone, sends it at once:
   an answer that was given is never lost. Without this module the form is sent as it is, after a tick (macros/later.html). */

const MOMENTS = { before: "before", photos: "after", drawn: "signature" };

let waiting = null; // { form, bar, timer, files }

function say(text, kind) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
}

function busy(form, on) {
  const button = form.querySelector("[type=submit], button:not([type])");
  if (!button) return;
  button.classList.toggle("is-sending", on);
  if (on) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
}

const filled = (form) => [...form.querySelectorAll("input[type=file]")].filter((input) => input.files.length);

/** Photos go ahead: they stay with the order whatever becomes of the rest, and what waits is light enough for a farewell. */
async function sendFiles(form) {
  if (!form.dataset.ahead) return true;
  for (const input of filled(form)) {
    const body = new FormData();
    body.set("csrf_token", form.elements.namedItem("csrf_token").value);
    body.set("photos_moment", MOMENTS[input.name.replace(/^.*_/, "")]);
    for (const file of input.files) body.append("photos_photos", file);
    const answer = await fetch(form.dataset.ahead, { method: "POST", body, redirect: "manual" });
    if (answer.type !== "opaqueredirect" && !answer.ok) return false;
    input.value = "";
  }
  return true;
}

async function wouldBeTaken(form) {
  const body = new FormData(form);
  body.delete("idempotency_key");
  const answer = await fetch(form.dataset.check, { method: "POST", body, redirect: "manual" });
  return answer.status === 204;
}

function send() {
  const { form, bar } = waiting;
  waiting = null;
  bar.remove();
  if (form.isConnected) form.submit();
  else farewell(form); // its part of the page was swapped meanwhile
}

function farewell(form) {
  return navigator.sendBeacon(form.action, new FormData(form));
}

function undo() {
  const { form, bar, timer } = waiting;
  waiting = null;
  clearInterval(timer);
  bar.remove();
  busy(form, false);
  delete form.dataset.stamped;
  const dialog = form.closest("dialog");
  if (dialog && dialog.showModal && !dialog.open) dialog.showModal();
  const first = form.querySelector("[type=submit], button:not([type])");
  if (first) first.focus();
  say(form.dataset.undone, "info");
}

function wait(form) {
  const bar = document.getElementById("tpl-later").content.firstElementChild.cloneNode(true);
  const whole = Number(form.dataset.later);
  const left = bar.querySelector("[data-later-left]");
  const progress = bar.querySelector("progress");
  const ends = Date.now() + whole * 1000;
  const dialog = form.closest("dialog");
  if (dialog && dialog.open && dialog.close) dialog.close();
  document.body.append(bar);
  bar.querySelector("[role=status]").textContent = form.dataset.doing; // after it stands in the page, so that it is spoken
  progress.max = whole;
  const tick = () => {
    const rest = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
    left.textContent = rest;
    progress.value = rest;
    if (rest === 0) {
      clearInterval(waiting.timer);
      send();
    }
  };
  waiting = { form, bar, timer: setInterval(tick, 250), files: filled(form).length > 0 };
  tick();
  bar.querySelector("[data-later-undo]").addEventListener("click", undo);
  bar.querySelector("[data-later-undo]").focus();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("later" in form.dataset) || !document.getElementById("tpl-later")) return;
  event.preventDefault();
  if (waiting || "asking" in form.dataset) return;
  if (navigator.onLine === false) return say(document.body.dataset.lost, "soon");
  form.dataset.asking = "";
  busy(form, true);
  try {
    if (await sendFiles(form) && await wouldBeTaken(form)) wait(form);
    else form.submit(); // the page comes back and says what is missing
  } catch {
    busy(form, false);
    say(document.body.dataset.lost, "soon");
  } finally {
    delete form.dataset.asking;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !waiting) return;
  event.preventDefault(); // else the dialog that opens again is closed by the same key
  undo();
});

/* A page that is left, closed or put away sends what waits at once. */
function leave() {
  if (!waiting || waiting.files) return; // files are too heavy for a farewell: beforeunload asks instead
  const { form, bar, timer } = waiting;
  if (!farewell(form)) return;
  waiting = null;
  clearInterval(timer);
  bar.remove();
  form.dataset.gone = "";
}

window.addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) leave();
  else {
    const gone = document.querySelector("form[data-gone]");
    if (gone) location.assign(gone.dataset.next || location.href);
  }
});
window.addEventListener("beforeunload", (event) => {
  if (waiting && waiting.files) event.preventDefault();
});
