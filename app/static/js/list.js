/* A list worked by keys and in bulk. [data-list] holds items [data-item]; each has a link or can be focused itself, maybe
   one checkbox.
   j k move, x selects, Enter opens, h l change the column where items stand in [data-column]s, else the tab of [data-steps].
   n goes to what came while the page was open, where the list says data-nothing-new, its words for there being none;
   elsewhere to the next item that asks for a look [data-doubt], after the last to the first.
   [data-bulk] appears with a selection and shows its size in [data-count]; it lies in the same <form> as the boxes.
   A sheet of [data-part]s shows one of them alone where its opener says data-only="part". */

const typing = (at) => at.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
const off = () => { try { return localStorage.getItem("houqin.keys") === "off"; } catch { return false; } };

function items(list) {
  return [...list.querySelectorAll("[data-item]")].filter((item) => item.getClientRects().length);
}

function put(list, item) {
  if (!item) return;
  list.querySelectorAll(".is-cursor").forEach((other) => other.classList.remove("is-cursor"));
  item.classList.add("is-cursor");
  unseen.delete(address(item));
  say(item);
  (item.matches("a") ? item : item.querySelector("a, button") || item).focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

function move(list, step) {
  const all = items(list);
  const at = all.findIndex((item) => item.classList.contains("is-cursor"));
  put(list, all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))]);
}

function aside(list, step) {
  const columns = [...list.querySelectorAll("[data-column]")].filter((column) => items(column).length);
  const at = columns.findIndex((column) => column.querySelector(".is-cursor"));
  const row = at < 0 ? 0 : items(columns[at]).findIndex((item) => item.classList.contains("is-cursor"));
  const to = columns[at < 0 ? 0 : Math.min(columns.length - 1, Math.max(0, at + step))];
  if (to) put(list, items(to)[Math.min(row, items(to).length - 1)]);
}

function count(list) {
  const boxes = [...list.querySelectorAll("[data-item] input[type=checkbox]")];
  const chosen = boxes.filter((box) => box.checked);
  boxes.forEach((box) => {
    const item = box.closest("[data-item]");
    item.classList.toggle("is-selected", box.checked);
  });
  const all = list.querySelector("[data-select-all]");
  if (all) { all.checked = chosen.length > 0 && chosen.length === boxes.length; all.indeterminate = chosen.length > 0 && !all.checked; }
  const bulk = (list.closest("form") || document).querySelector("[data-bulk]");
  if (!bulk) return;
  bulk.hidden = chosen.length === 0;
  bulk.querySelectorAll("[data-count]").forEach((place) => { place.textContent = String(chosen.length); });
}

document.addEventListener("change", (event) => {
  const list = event.target.closest("[data-list]");
  if (!list) return;
  if (event.target.matches("[data-select-all]")) {
    list.querySelectorAll("[data-item] input[type=checkbox]").forEach((box) => { box.checked = event.target.checked; });
  }
  count(list);
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-clear]")) return;
  document.querySelectorAll("[data-list] input[type=checkbox]").forEach((box) => { box.checked = false; });
  document.querySelectorAll("[data-list]").forEach(count);
});

/** The tab before or after the present one; a list that is empty has tabs, too. */
function step(by) {
  const tabs = [...document.querySelectorAll("[data-steps] a")];
  const to = tabs[tabs.findIndex((tab) => tab.getAttribute("aria-current")) + by];
  if (to) to.click();
}

function fresh(list) {
  const to = items(list).find((item) => item.classList.contains("is-new"));
  if (to) put(list, to);
  else document.dispatchEvent(new CustomEvent("toast", { detail: { text: list.dataset.nothingNew, kind: "info" } }));
}

function doubtful(list) {
  const all = items(list), at = all.findIndex((item) => item.classList.contains("is-cursor"));
  put(list, [...all.slice(at + 1), ...all.slice(0, at + 1)].find((item) => "doubt" in item.dataset));
}

const plain = (event) => !(off() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || document.querySelector("dialog[open]"));

document.addEventListener("keydown", (event) => {
  const by = { h: -1, l: 1 }[event.key];
  if (!by || !plain(event) || document.querySelector("[data-list] [data-column]")) return;
  event.preventDefault();
  step(by);
});

document.addEventListener("keydown", (event) => {
  const list = document.querySelector("[data-list]");
  if (!list || !plain(event)) return;
  const cursor = list.querySelector(".is-cursor");
  const acts = {
    j: () => move(list, 1), k: () => move(list, -1),
    x: () => { const box = cursor && cursor.querySelector("input[type=checkbox]"); if (box) { box.checked = !box.checked; count(list); } },
  };
  if (list.querySelector("[data-column]")) Object.assign(acts, { h: () => aside(list, -1), l: () => aside(list, 1) });
  if ("nothingNew" in list.dataset) acts.n = () => fresh(list);
  else if (list.querySelector("[data-doubt]")) acts.n = () => doubtful(list);
  if (!Object.hasOwn(acts, event.key)) return;
  event.preventDefault();
  acts[event.key]();
});

/** A sheet with the one part that is wanted; the others come back when it is closed. */
function only(dialog, name) {
  const wanted = (part) => part.dataset.part === name || (name === "offered" && part.dataset.part === "end"); // to override or take it from somebody needs a reason
  const others = [...dialog.querySelectorAll("[data-part]")].filter((part) => !wanted(part));
  others.forEach((part) => { part.hidden = true; });
  dialog.querySelectorAll("[data-part=end] .inline").forEach((acts) => { acts.hidden = name === "offered"; });
  dialog.addEventListener("close", () => {
    others.forEach((part) => { part.hidden = false; });
    dialog.querySelectorAll("[data-part=end] .inline").forEach((acts) => { acts.hidden = false; });
  }, { once: true });
  if (dialog.showModal && !dialog.open) dialog.showModal();
  const first = dialog.querySelector(`[data-part=${name}] select, [data-part=${name}] input`);
  if (first) first.focus();
}

document.addEventListener("only", (event) => only(event.detail.dialog, event.detail.part));
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-only]");
  if (opener) only(document.getElementById(opener.dataset.opens), opener.dataset.only);
});

/* Keys of the bar (a, g, m, u) without a selection: they mean the item under the cursor, unless that is the one which is
   open beside the list, with keys of its own. */
const shown = (element) => element.getClientRects().length > 0;

document.addEventListener("keydown", (event) => {
  const list = document.querySelector("[data-list]");
  const bulk = list && (list.closest("form") || document).querySelector("[data-bulk][hidden]");
  if (!bulk || !plain(event)) return;
  const act = [...bulk.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key);
  const item = act && list.querySelector(".is-cursor");
  const box = item && item.querySelector("input[type=checkbox]");
  if (!box) return;
  const others = [...document.querySelectorAll("[data-key]")].filter((each) => each.dataset.key === event.key && !bulk.contains(each));
  if (item.getAttribute("aria-selected") === "true" && others.some(shown)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  box.checked = true;
  count(list);
  act.click();
}, true);

document.querySelectorAll("[data-list]").forEach(count);

/* What is chosen stays chosen while a list draws itself anew; what has changed meanwhile is another version, and is not.
   What comes with such a drawing is marked as new until somebody has been at it; another filter or tab has nothing new. */
let before = { chosen: new Set(), at: null };
const link = (item) => (item.matches("a") ? item : item.querySelector("a"));
const address = (item) => link(item) && link(item).getAttribute("href");
const shownNow = () => [...document.querySelectorAll("[data-nothing-new] [data-item]")];
let known = new Set(shownNow().map(address));
const unseen = new Set();

/** The word for a new item before its link, where it is one. */
function say(item) {
  const isNew = unseen.has(address(item));
  item.classList.toggle("is-new", isNew);
  const word = item.querySelector("[data-fresh]");
  if (word && !isNew) word.remove();
  if (word || !isNew) return;
  const made = document.createElement("b");
  made.dataset.fresh = "";
  made.textContent = item.closest("[data-new]").dataset.new;
  link(item).before(made, " ");
}

function mark(drawnAnew) {
  const all = shownNow();
  for (const item of drawnAnew ? all : []) if (!known.has(address(item))) unseen.add(address(item));
  all.forEach(say);
  known = new Set([...(drawnAnew ? known : []), ...all.map(address)]);
}

document.addEventListener("htmx:before:swap", () => {
  const at = document.querySelector("[data-list] .is-cursor a");
  before = {
    chosen: new Set([...document.querySelectorAll("[data-list] [data-item] input[type=checkbox]:checked")].map((box) => box.value)),
    at: at && at.getAttribute("href"),
  };
});
document.addEventListener("htmx:after:swap", (event) => {
  const { sourceEvent } = event.detail.ctx || {};
  mark(Boolean(sourceEvent) && (sourceEvent.type === "every" || sourceEvent.type === "wake"));
  document.querySelectorAll("[data-list] [data-item] input[type=checkbox]").forEach((box) => { if (before.chosen.has(box.value)) box.checked = true; });
  const at = before.at && !document.querySelector("[data-list] .is-cursor") && document.querySelector(`[data-list] a[href="${CSS.escape(before.at)}"]`);
  if (at) at.closest("[data-item]").classList.add("is-cursor");
  document.querySelectorAll("[data-list]").forEach(count);
});
