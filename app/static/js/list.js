/* A list worked by keys and in bulk. [data-list] holds items [data-item]; each has one link, maybe one checkbox.
   j k move, x selects, Enter opens, h l change the column where items stand in [data-column]s.
   [data-bulk] appears with a selection and shows its size in [data-count]; it lies in the same <form> as the boxes. */

const typing = (at) => at.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
const off = () => { try { return localStorage.getItem("houqin.keys") === "off"; } catch { return false; } };

function items(list) {
  return [...list.querySelectorAll("[data-item]")].filter((item) => item.getClientRects().length);
}

function put(list, item) {
  if (!item) return;
  list.querySelectorAll(".is-cursor").forEach((other) => other.classList.remove("is-cursor"));
  item.classList.add("is-cursor");
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

document.addEventListener("keydown", (event) => {
  const list = document.querySelector("[data-list]");
  if (!list || off() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  const cursor = list.querySelector(".is-cursor");
  const acts = {
    j: () => move(list, 1), k: () => move(list, -1),
    h: () => aside(list, -1), l: () => aside(list, 1),
    x: () => { const box = cursor && cursor.querySelector("input[type=checkbox]"); if (box) { box.checked = !box.checked; count(list); } },
  };
  const columns = list.querySelector("[data-column]");
  if (!(event.key in acts) || (!columns && (event.key === "h" || event.key === "l"))) return;
  event.preventDefault();
  acts[event.key]();
});

/* Keys of the bar (a, m, u) without a selection: they mean the item under the cursor. */
document.addEventListener("keydown", (event) => {
  const list = document.querySelector("[data-list]");
  const bulk = list && (list.closest("form") || document).querySelector("[data-bulk][hidden]");
  if (!bulk || off() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const act = [...bulk.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key);
  const box = act && list.querySelector(".is-cursor input[type=checkbox]");
  if (!box) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  box.checked = true;
  count(list);
  act.click();
}, true);

document.querySelectorAll("[data-list]").forEach(count);
document.addEventListener("htmx:after:swap", () => document.querySelectorAll("[data-list]").forEach(count));
