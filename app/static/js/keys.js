/* Keys on the desk: whatever carries data-key="x" is pressed (or focused) by x; ? lists them all. They can be switched off,
   ? with them (WCAG 2.1.4); a button with data-keys-help shows the same list, with the switch, to whoever has done so. */

const STORE = "houqin.keys";
const on = () => { try { return localStorage.getItem(STORE) !== "off"; } catch { return true; } };
const typing = (at) => at.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const visible = (element) => element.getClientRects().length > 0;

function label(element) {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("kbd, small").forEach((part) => part.remove());
  return (element.getAttribute("aria-label") || copy.textContent || element.title).trim();
}

function listed() {
  const found = new Map();
  for (const hint of document.querySelectorAll("[data-keys-of]")) {
    found.set([...hint.querySelectorAll("kbd")].map((key) => key.textContent).join(" "), label(hint));
  }
  for (const act of document.querySelectorAll("[data-key]")) if (visible(act) && !found.has(act.dataset.key)) found.set(act.dataset.key, label(act));
  return found;
}

function help() {
  let dialog = document.getElementById("keys-help");
  if (!dialog) {
    dialog = document.getElementById("tpl-keys").content.firstElementChild.cloneNode(true);
    document.body.append(dialog);
    dialog.querySelector("[data-keys-on]").addEventListener("change", (event) => {
      try { localStorage.setItem(STORE, event.target.checked ? "on" : "off"); } catch { /* private mode: for this page only */ }
    });
  }
  const list = dialog.querySelector("[data-keys-list]");
  list.textContent = "";
  for (const [keys, text] of listed()) {
    const row = document.createElement("div"), term = document.createElement("dt"), said = document.createElement("dd");
    for (const key of keys.split(" ")) { const cap = document.createElement("kbd"); cap.textContent = key; term.append(cap, " "); }
    said.textContent = text;
    row.append(term, said);
    list.append(row);
  }
  dialog.querySelector("[data-keys-on]").checked = on();
  if (dialog.showModal) dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (!on() && event.key.length === 1) return; // Escape and its like are no characters
  if (event.key === "?") { event.preventDefault(); help(); return; }
  const act = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key && visible(each) && !each.disabled);
  if (!act) return;
  event.preventDefault();
  if (act.matches("input, select, textarea")) { act.focus(); if (act.select) act.select(); }
  else act.click();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys-help]")) help();
});
