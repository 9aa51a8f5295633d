/* What cannot be taken back waits ten seconds before it is sent: <form data-later="10" data-check="address" data-doing="words">.
   The server is asked first whether it would take it (data-check: 204, nothing is done), photos are sent ahead
   (data-ahead), then a bar counts down with Undo. The same attributes on a button make that act alone wait, unless the field
   it names (data-unless) is filled; the server's answer may bring the words (doing). Whoever leaves or closes the page, or locks the phone, sends it at once:
   an answer that was given is never lost. Without this module the form is sent as it is, after a tick (macros/later.html). */

const MOMENTS = { before: "before", photos: "after", drawn: "signature" };

let waiting = null; // { form, how, bar, timer, files }

function say(text, kind) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
}

function busy(form, on, pressed) {
  const button = pressed || form.querySelector("[type=submit], button:not([type])");
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

/** What is said while it waits, where the server would take it; else null. */
async function wouldBeTaken(form, how) {
  const body = new FormData(form);
  body.delete("idempotency_key");
  const answer = await fetch(how.check, { method: "POST", body, redirect: "manual" });
  if (answer.status === 200) return (await answer.json()).doing;
  return answer.status === 204 ? how.doing : null;
}

/** The button that was pressed goes along as a field, since a form that is sent by script or farewell has none. */
function press(form, button) {
  release(form);
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = button.name;
  field.value = button.value;
  field.dataset.pressed = "";
  form.append(field);
}

function release(form) {
  form.querySelectorAll("[data-pressed]").forEach((field) => field.remove());
}

function send() {
  const { form, bar } = waiting;
  waiting = null;
  bar.remove();
  if (form.isConnected) form.submit();
  else farewell(form); // its part of the page was swapped meanwhile
}

function farewell(form) {
  return navigator.sendBeacon(form.getAttribute("action"), new FormData(form)); // a button may be named action
}

function undo() {
  const { form, how, bar, button, timer } = waiting;
  waiting = null;
  clearInterval(timer);
  bar.remove();
  busy(form, false, button);
  release(form);
  delete form.dataset.stamped;
  const dialog = (button || form).closest("dialog");
  if (dialog && dialog.showModal && !dialog.open) dialog.showModal();
  const first = button || form.querySelector("[type=submit], button:not([type])");
  if (first) first.focus();
  say(how.undone, "info");
}

function wait(form, how, button, words) {
  const bar = document.getElementById("tpl-later").content.firstElementChild.cloneNode(true);
  const whole = Number(how.later);
  const left = bar.querySelector("[data-later-left]");
  const progress = bar.querySelector("progress");
  const ends = Date.now() + whole * 1000;
  const dialog = (button || form).closest("dialog");
  if (dialog && dialog.open && dialog.close) dialog.close();
  document.body.append(bar);
  bar.querySelector("[role=status]").textContent = words; // after it stands in the page, so that it is spoken
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
  waiting = { form, how, bar, button, timer: setInterval(tick, 250), files: filled(form).length > 0 };
  tick();
  bar.querySelector("[data-later-undo]").addEventListener("click", undo);
  bar.querySelector("[data-later-undo]").focus();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter && "later" in event.submitter.dataset ? event.submitter : null;
  const how = (button || form).dataset;
  if (!("later" in how) || !document.getElementById("tpl-later")) return;
  const unless = how.unless && form.elements.namedItem(how.unless);
  if (unless && unless.value) return;
  event.preventDefault();
  if (waiting || "asking" in form.dataset) return;
  if (navigator.onLine === false) return say(document.body.dataset.offline, "soon");
  form.dataset.asking = "";
  busy(form, true, button);
  if (button) press(form, button);
  try {
    const words = await sendFiles(form) ? await wouldBeTaken(form, how) : null;
    if (words === null) form.submit(); // the page comes back and says what is missing
    else wait(form, how, button, words);
  } catch {
    busy(form, false, button);
    release(form);
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

/* A link that is followed waits for what was waiting, so that the next page shows it done. Whatever the answer, it is followed. */
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  if (!waiting || waiting.files || !link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin || link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  const { form, bar, timer } = waiting;
  waiting = null;
  clearInterval(timer);
  bar.remove();
  try {
    const body = new FormData(form);
    await fetch(form.getAttribute("action"), { method: "POST", body, redirect: "manual", keepalive: true });
  } catch {
    farewell(form); // its idempotency key keeps it from being done twice
  }
  location.assign(link.href);
});

/** Whatever page comes next waits for what was sent in farewell (js/app.js); null stands for a file input without a file. */
function leaveWord(form) {
  const fields = [...new FormData(form)].map(([name, value]) => [name, value instanceof File ? null : value]);
  try {
    sessionStorage.setItem("houqin.left", JSON.stringify({ at: Date.now(), action: form.getAttribute("action"), fields }));
  } catch { /* nothing is kept in this browser: its next poll shows it */ }
}

/* A page that is left, closed or put away sends what waits at once. */
function leave() {
  if (!waiting || waiting.files) return; // files are too heavy for a farewell: beforeunload asks instead
  const { form, bar, timer } = waiting;
  if (!farewell(form)) return;
  leaveWord(form);
  waiting = null;
  clearInterval(timer);
  bar.remove();
  form.dataset.gone = "";
}

/** A page that is seen again after it has sent something is out of date. */
function back() {
  const gone = document.querySelector("form[data-gone]");
  if (gone) location.assign(gone.dataset.next || location.href);
}

window.addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) leave();
  else back();
});
window.addEventListener("pageshow", (event) => { if (event.persisted) back(); });
window.addEventListener("beforeunload", (event) => {
  if (waiting && waiting.files) event.preventDefault();
});
