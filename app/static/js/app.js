/* Loaded by every page: dialogs, menus, toasts, questions before dangerous acts, a guard against sending twice, live parts.
   Everything here improves what already works: forms post, links lead, dialogs stand open without it (css/noscript.css). */

const say = document.body.dataset;

/* ---------- dialogs and sheets: <button data-opens="id">, <button data-closes> ---------- */
function open(dialog) {
  if (dialog.open) return;
  if (dialog.showModal) dialog.showModal();
  else { dialog.classList.add("is-plain"); dialog.setAttribute("open", ""); } // Safari before 15.4
  const first = dialog.querySelector("[autofocus], .dialog__body input:not([type=hidden]), .dialog__body textarea, .dialog__body select");
  if (first) first.focus();
}

function close(dialog) {
  if (dialog.close) dialog.close();
  else { dialog.classList.remove("is-plain"); dialog.removeAttribute("open"); }
}

/** A dialog made once from a <template>. */
function fromTemplate(id) {
  const made = document.getElementById("tpl-" + id).content.firstElementChild.cloneNode(true);
  document.body.append(made);
  return made;
}

/** One sheet for many rows: its form becomes that of the row whose button opened it; what was chosen for another is gone. */
function aim(form, { url, version }) {
  if (form.getAttribute("action") !== url) form.reset();
  form.setAttribute("action", url);
  form.elements.version.value = version;
}

/* ---------- a question before an act: data-confirm="Really…?" on its button or link ---------- */
let sure = null;
const DOUBLE_MS = 500;
let deaf = 0; // until when a tap is not heard

function ask(act) {
  const dialog = document.getElementById("confirm") || fromTemplate("confirm");
  dialog.querySelector("[data-question]").textContent = act.dataset.confirm;
  const go = dialog.querySelector("[data-go]");
  go.querySelector("span").textContent = (act.querySelector("span") || act).textContent.trim();
  go.onclick = () => { close(dialog); deaf = performance.now() + DOUBLE_MS; sure = act; act.click(); };
  open(dialog);
}

document.addEventListener("click", (event) => {
  const at = event.target instanceof Element ? event.target : null;
  if (!at) return;
  if (event.isTrusted && event.timeStamp < deaf) { // the second half of a double tap, meant for the dialog that is gone
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  const asked = at.closest("[data-confirm]");
  if (asked && sure !== asked) {
    event.preventDefault();
    event.stopPropagation();
    const form = asked.formNoValidate ? null : asked.form; // what is missing is said before anybody is asked whether he is sure
    if (!form || form.noValidate || form.reportValidity()) ask(asked);
    return;
  }
  sure = null;

  const opener = at.closest("[data-opens]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens) || (opener.dataset.url && fromTemplate(opener.dataset.opens));
    if (dialog) {
      event.preventDefault();
      if (opener.dataset.url) aim(dialog.querySelector("form"), opener.dataset);
      open(dialog);
    }
  }
  const closer = at.closest("[data-closes]");
  if (closer) close(closer.closest("dialog"));
  if (at.tagName === "DIALOG" && outside(at, event)) close(at);
  if (at.closest("[data-dismiss]")) at.closest(".toast").remove();
  if (at.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(at)) menu.open = false;
  }
}, true);

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  for (const plain of document.querySelectorAll("dialog.is-plain")) close(plain);
  if (location.hash === "#menu") location.hash = "#main";
});

/* ---------- toasts: only what the page does not show by itself ---------- */
const TOAST_MS = 7000;

function fade(toast) {
  setTimeout(() => { if (toast.matches(":hover, :focus-within")) fade(toast); else toast.remove(); }, TOAST_MS);
}

function toast(text, kind) {
  const pattern = document.getElementById("tpl-toast"), made = pattern.content.firstElementChild.cloneNode(true);
  made.querySelector(".grow").textContent = text;
  if (kind) made.classList.add("toast--" + kind);
  if (["soon", "late", "error"].includes(kind)) made.querySelector("path").setAttribute("d", pattern.dataset.heed);
  document.getElementById("toasts").append(made);
  fade(made);
  return made;
}

document.querySelectorAll("#toasts > .toast:not(.toast--error):not(.toast--late)").forEach(fade);
document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.kind));

/* ---------- sending once: <form data-once> ----------
   The second tap is swallowed; the form is free again when the page comes back, when the answer was swapped in, or after a
   while. A form changed after it was sent gets a new idempotency key, else the server would call it a repeat. */
const PATIENCE_MS = 20000;

function release(form) {
  clearTimeout(form.patience);
  delete form.dataset.sending;
  form.querySelectorAll(".is-sending").forEach((button) => { button.classList.remove("is-sending"); button.removeAttribute("aria-disabled"); });
  document.querySelectorAll(`.is-sending[form="${form.id}"]`).forEach((button) => { button.classList.remove("is-sending"); button.removeAttribute("aria-disabled"); });
}

function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* Who goes back to a form that was sent meets it drawn anew, with another key. Sent with the same content it gets the key it had,
   and so the answer it had; changed, or opened by a link, it is another one. The content is what the server compares
   (core/http/idempotency.py), a file by what is known of it without reading. */
const NO_CONTENT = new Set(["csrf_token", "idempotency_key", "device_at", "device_offset_s", "contact"]);
let carried; // the same of the page before, where only the language has changed since
const CAME_BACK = (performance.getEntriesByType("navigation")[0] || {}).type === "back_forward";
const LEFT_WITH = CAME_BACK && history.state || {}; // read at once: htmx writes a state of its own where none is marked as its

/* A choice that a search brought is not in the form drawn anew; it stands beside the key. */
const brought = (form) => [...form.elements].filter((field) => field.checked && field.closest(".picker__found"))
  .map((field) => [field.closest(".picker__found").id, field.closest("label").outerHTML]);

const told = (value) => typeof value === "string" ? value : value.name && [value.name, value.size, value.lastModified];

/** A text's length and a hash of it (FNV-1a), at once and over plain http: what was typed is not to lie in the history. Two texts
    that share both are told apart by the server. */
function short(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return `${text.length}.${hash}`;
}

function sameKey(form, button) {
  const key = form.elements.namedItem("idempotency_key");
  if (!key || form.querySelector("[type=password]")) return;
  const said = [...new FormData(form)].filter(([name]) => !NO_CONTENT.has(name)).map(([name, value]) => [name, told(value)]);
  const content = short(JSON.stringify([...said, button ? [button.name, button.value] : []]));
  const which = [form.id, (button && button.getAttribute("formaction")) || form.getAttribute("action")].join(" ");
  const sent = { ...LEFT_WITH.sent, ...(history.state || {}).sent }, before = (LEFT_WITH.sent || carried || {})[which];
  if (before && before.content === content) key.value = before.key;
  history.replaceState({ ...history.state, htmx: true, sent: { ...sent, [which]: { key: key.value, content } }, brought: brought(form) }, "");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("once" in form.dataset)) return;
  if ("sending" in form.dataset) {
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  if (navigator.onLine === false) {
    event.preventDefault();
    event.stopPropagation();
    toast(say.offline, "soon");
    return;
  }
  form.dataset.sending = form.dataset.sent = "";
  const button = event.submitter || form.querySelector("[type=submit]");
  sameKey(form, event.submitter);
  if (button) { button.classList.add("is-sending"); button.setAttribute("aria-disabled", "true"); }
  form.patience = setTimeout(() => { release(form); toast(say.slow, "soon"); }, PATIENCE_MS);
}, true);

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form || !("sent" in form.dataset) || "sending" in form.dataset) return;
  const key = form.elements.namedItem("idempotency_key");
  if (key) key.value = freshKey();
  delete form.dataset.sent;
});

window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(release));
document.addEventListener("htmx:finally:request", () => document.querySelectorAll("form[data-sending]").forEach(release));

/* ---------- what was typed outlives a change of language and a sign-in: <form data-keeps>, <a data-keeps> (js/kept.js) ---------- */
const KEPT = "houqin.kept "; // names of what is kept, each followed by the address it is for

function leave(event, way, go) {
  event.preventDefault();
  import(say.kept).then((kept) => kept.keepFor(way, KEPT)).catch(() => {}).then(go); // what cannot be kept stops nobody
}

document.addEventListener("submit", (event) => {
  if ("keeps" in event.target.dataset) leave(event, event.target, () => event.target.submit());
});

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest("a[data-keeps]");
  if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) leave(event, link, () => location.assign(link.href));
});

/* A part of the page was refused, since the session has ended: what stands in its fields is there again after the sign-in. */
document.addEventListener("htmx:before:response", (event) => {
  const { status, headers } = event.detail.ctx.response;
  if (status !== 401 || !headers.has("HX-Redirect")) return;
  const way = document.createElement("a");
  way.href = headers.get("HX-Redirect");
  leave(event, way, () => location.assign(way.href));
});

function anyKept() {
  try {
    return Object.keys(sessionStorage).some((name) => name.startsWith(KEPT));
  } catch {
    return false;
  }
}

if (LEFT_WITH.brought?.length) window.addEventListener("pageshow", () => import(say.kept).then((kept) => kept.bringBack(LEFT_WITH.brought)));

if (anyKept()) import(say.kept).then((kept) => kept.putBack(KEPT)).then((sent) => { carried = sent; });

/* ---------- what the page before sent as it was left (js/later.js) ----------
   A farewell says nothing of its arrival, and a list that is come back to may be older than it. So it is sent once more, which
   its idempotency key makes harmless, and with the answer the page draws anew: live parts by themselves, [data-reloads] as a whole. */
const LEFT = "houqin.left", LEFT_MS = 60000;

function takeLeft() {
  try {
    const left = JSON.parse(sessionStorage.getItem(LEFT));
    sessionStorage.removeItem(LEFT);
    return left && Date.now() - left.at < LEFT_MS ? left : null;
  } catch {
    return null; // nothing is kept in this browser: the farewell alone has to do
  }
}

window.addEventListener("pageshow", async () => {
  const left = takeLeft();
  if (!left) return;
  const body = new FormData();
  for (const [name, value] of left.fields) body.append(name, value === null ? new File([], "") : value);
  const told = toast(say.going, "info");
  try {
    const answer = await fetch(left.action, { method: "POST", body, redirect: "manual" });
    if (answer.type !== "opaqueredirect" && !answer.ok) toast(say.undone, "late");
  } catch {
    toast(say.lost, "soon");
  }
  told.remove();
  if (document.querySelector("[data-reloads]")) { location.reload(); return; }
  const wake = () => document.dispatchEvent(new Event("wake"));
  wake();
  setTimeout(wake, 1000); // a poll under way, asked before the answer, lets the first one drop
});

/* ---------- live parts (htmx): polls rest while nobody looks, a refused request says why instead of nothing at all ---------- */
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
  if (!polled(event.detail.ctx)) toast(say.lost, "soon");
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
  toast(words.join(" – ") || say.lost, "late");
});

/* ---------- a field that only some answers need: <input data-needed-by="its field" data-need="what"> ----------
   The options that need it say data-needs="what". Its label says whether it is required now; data-told: says so and no more,
   since other acts of the form do without it. */
function need(field) {
  const form = field.form || document;
  const chosen = form.querySelector(`[name="${field.dataset.neededBy}"]:checked, select[name="${field.dataset.neededBy}"] option:checked`);
  const needed = Boolean(chosen) && chosen.dataset.needs === field.dataset.need;
  const label = form.querySelector(`label[for="${field.id}"]`);
  const mark = label.querySelector(".field__opt") || label.appendChild(document.createElement("span"));
  if (!mark.className) { mark.className = "field__opt"; mark.before(" "); }
  mark.textContent = needed ? field.dataset.required : field.dataset.optional;
  field.required = needed && !("told" in field.dataset);
}

const needy = () => document.querySelectorAll("[data-needed-by]").forEach(need);
needy();
document.addEventListener("change", (event) => { if (event.target.matches("[type=radio], select")) needy(); });
document.addEventListener("htmx:after:swap", needy);

/* ---------- a text that grows too long says so while it is written: <textarea data-at-most="2000">; nothing is cut ---------- */
function measure(text) {
  const most = Number(text.dataset.atMost), now = [...text.value.trim()].length, over = now > most;
  const shown = text.checkVisibility ? text.checkVisibility() : text.getClientRects().length; // one that is not hinders nothing
  text.setCustomValidity(over && shown ? text.dataset.long : "");
  let told = text.nextElementSibling;
  if (!told || !told.matches(".field__count")) {
    if (now <= 0.9 * most) return;
    told = document.createElement("output");
    told.className = "field__count";
    text.after(told);
  }
  told.hidden = now <= 0.9 * most;
  told.setAttribute("aria-live", told.classList.contains("is-late") === over ? "off" : "polite"); // said once, not at each letter
  told.classList.toggle("is-late", over);
  told.value = [now, most].map((each) => each.toLocaleString(document.documentElement.lang)).join(" / ");
}

const measureAll = () => document.querySelectorAll("[data-at-most]").forEach(measure);
measureAll();
document.addEventListener("input", (event) => { if (event.target.dataset.atMost) measure(event.target); });
document.addEventListener("change", measureAll); // what is shown may be another part now
document.addEventListener("toggle", measureAll, true);
document.addEventListener("htmx:after:swap", measureAll);
document.addEventListener("reset", () => setTimeout(measureAll));

/* ---------- a choice that is missing is asked for beside its question: a browser's bubble would cover the answers ---------- */
let refused = null; // the first field of a form that is refused; the browser tells of all of them at once
function unanswered(field) {
  const box = field.type === "radio" && field.validity.valueMissing && field.closest("fieldset");
  return box && box.querySelector("legend") ? box : null;
}

function wantChoice(box, field) {
  if (!box.querySelector(":scope > .field__error")) {
    const told = document.createElement("p"), words = document.createElement("span"), gone = () => told.remove();
    told.className = "field__error";
    told.setAttribute("role", "alert");
    words.textContent = say.choose;
    told.append(words);
    box.querySelector("legend").after(told);
    box.addEventListener("change", gone, { once: true });
    field.form.addEventListener("reset", gone, { once: true });
  }
  field.focus({ preventScroll: true });
  box.scrollIntoView({ block: "start" });
}

document.addEventListener("invalid", (event) => {
  if (!refused) {
    refused = event.target;
    setTimeout(() => { refused = null; });
    const box = unanswered(refused);
    if (box) wantChoice(box, refused);
  }
  if (unanswered(refused)) event.preventDefault();
}, true);

/* ---------- the rail shows where one is, however long it is ---------- */
const here = document.querySelector(".rail__scroll [aria-current]");
if (here) {
  const list = here.closest(".rail__scroll"), at = here.getBoundingClientRect(), box = list.getBoundingClientRect();
  if (at.top < box.top || at.bottom > box.bottom) list.scrollTop += at.top - box.top - (box.height - at.height) / 2;
}

/* ---------- at the start: errors are met first, a dialog whose form was refused stands open again ---------- */
for (const dialog of document.querySelectorAll("dialog")) {
  if (dialog.querySelector(".errors, [aria-invalid=true]")) { open(dialog); break; }
}
const met = document.querySelector("[data-focus]");
if (met) met.focus();
