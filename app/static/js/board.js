/* Dragging on the board: a slip is taken to another column by mouse, pen, or a long press. It does nothing the menu (m)
   does not do: it chooses that one order and presses the same button, or opens the menu where the act asks something.
   A slip says where it can go: data-moves="hold:hold offered:assign"; a column says why it cannot be had: data-refuses. */

const FAR = 6;      // pixels a mouse moves before it drags
const LONG = 450;   // milliseconds a finger rests before it drags
const EDGE = 48;    // from here on the board scrolls along

let drag = null;

const say = (text, kind) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
const moves = (item) => new Map((item.dataset.moves || "").split(" ").filter(Boolean).map((each) => each.split(":")));

function begin(event, item) {
  drag.on = true;
  drag.box = item.getBoundingClientRect();
  drag.ghost = item.cloneNode(true);
  drag.ghost.classList.add("is-ghost");
  drag.ghost.setAttribute("aria-hidden", "true");
  drag.ghost.querySelectorAll("input").forEach((input) => input.remove());
  document.body.append(drag.ghost);
  place(event);
  item.classList.add("is-dragged");
  const to = moves(item);
  for (const column of document.querySelectorAll("[data-column]")) {
    const here = column === item.closest("[data-column]");
    column.classList.toggle("takes", !here && to.has(column.dataset.column));
    column.classList.toggle("refuses", !here && !to.has(column.dataset.column));
  }
}

/* Positions are CSSOM properties set by script, which the content policy allows; no style attribute is written. */
function place(event) {
  const at = drag.ghost.style;
  at.width = drag.box.width + "px";
  at.transform = `translate(${event.clientX - drag.dx}px, ${event.clientY - drag.dy}px)`;
  const board = document.querySelector(".kanban"), box = board.getBoundingClientRect();
  if (event.clientX < box.left + EDGE) board.scrollLeft -= 12;
  if (event.clientX > box.right - EDGE) board.scrollLeft += 12;
  const under = document.elementsFromPoint(event.clientX, event.clientY).find((each) => each.matches("[data-column]"));
  document.querySelectorAll(".is-over").forEach((each) => each !== under && each.classList.remove("is-over"));
  if (under) under.classList.add("is-over");
  drag.over = under || null;
}

function end() {
  if (!drag) return;
  clearTimeout(drag.timer);
  if (drag.ghost) drag.ghost.remove();
  drag.item.classList.remove("is-dragged");
  document.querySelectorAll("[data-column]").forEach((each) => each.classList.remove("takes", "refuses", "is-over"));
  drag = null;
}

function drop(item, column) {
  if (!column || column === item.closest("[data-column]")) return;
  const act = moves(item).get(column.dataset.column);
  if (!act) { say(`${item.dataset.number}: ${column.dataset.refuses}`, "late"); return; }
  const form = item.closest("form");
  form.querySelectorAll("input[name=item]").forEach((box) => { box.checked = false; });
  const box = item.querySelector("input[name=item]");
  box.checked = true;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  const button = form.querySelector(`button[name=action][value="${act}"]`);
  const part = button && button.closest("[data-part]");
  if (column.dataset.asks && column.dataset.asks.split(" ").includes(act)) ask(part);
  else if (button) form.requestSubmit(button);
}

/** The menu with the one part the move needs; the others come back when it is closed. */
function ask(part) {
  const dialog = part.closest("dialog");
  const others = [...dialog.querySelectorAll("[data-part]")].filter((each) => each !== part);
  others.forEach((each) => { each.hidden = true; });
  const reason = part.dataset.part === "offered" && dialog.querySelector("[data-part=end]");
  if (reason) reason.hidden = false; // overriding a shift, or taking it from somebody, needs one
  dialog.addEventListener("close", () => others.forEach((each) => { each.hidden = false; }), { once: true });
  dialog.showModal();
  const first = part.querySelector("select, input");
  if (first) first.focus();
}

document.addEventListener("pointerdown", (event) => {
  const item = event.target.closest(".kanban [data-moves]");
  if (!item || event.button !== 0 || event.target.closest("input, label, button")) return;
  const box = item.getBoundingClientRect();
  drag = { item, x: event.clientX, y: event.clientY, dx: event.clientX - box.left, dy: event.clientY - box.top, on: false, touch: event.pointerType === "touch" };
  if (drag.touch) drag.timer = setTimeout(() => drag && begin(event, item), LONG);
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > FAR;
  if (!drag.on && drag.touch && far) { end(); return; } // it scrolls
  if (!drag.on && far) begin(event, drag.item);
  if (drag && drag.on) { event.preventDefault(); place(event); }
});

document.addEventListener("touchmove", (event) => { if (drag && drag.on) event.preventDefault(); }, { passive: false });

document.addEventListener("pointerup", () => {
  if (!drag) return;
  const { item, over, on } = drag;
  end();
  if (!on) return;
  const quiet = (event) => { event.preventDefault(); event.stopPropagation(); };
  document.addEventListener("click", quiet, { capture: true, once: true }); // the link under the slip is not followed
  setTimeout(() => document.removeEventListener("click", quiet, true), 50);
  drop(item, over);
});

document.addEventListener("pointercancel", end);
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && drag) end(); });
document.addEventListener("dragstart", (event) => { if (event.target.closest(".kanban [data-moves]")) event.preventDefault(); });
document.addEventListener("contextmenu", (event) => { if (drag && drag.on) event.preventDefault(); });
