/* Dragging on the board: a slip is taken to another column, or to a technician above, by mouse, pen, or a long press. It
   does nothing the menu (m) does not do: it chooses that one order and presses the same button, or opens the menu where
   the act asks something. A slip says where it can go: data-moves="hold:hold offered:assign"; a column says why it cannot
   be had: data-refuses; a technician (data-person) takes whatever can be offered. */

const FAR = 6;      // pixels a mouse moves before it drags
const LONG = 450;   // milliseconds a finger rests before it drags
const EDGE = 48;    // from here on the board scrolls along

let drag = null;

const say = (text, kind) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
const TARGETS = "[data-column], [data-person]";
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
  for (const target of document.querySelectorAll(TARGETS)) {
    const here = target === item.closest("[data-column]");
    target.classList.toggle("takes", !here && Boolean(actOf(item, target)));
    target.classList.toggle("refuses", !here && !actOf(item, target));
  }
}

/** The act by which a slip comes to a column, or to a technician; none where it cannot. */
function actOf(item, target) {
  return moves(item).get(target.dataset.person ? "offered" : target.dataset.column);
}

/* Positions are CSSOM properties set by script, which the content policy allows; no style attribute is written. */
function place(event) {
  const at = drag.ghost.style;
  at.width = drag.box.width + "px";
  at.transform = `translate(${event.clientX - drag.dx}px, ${event.clientY - drag.dy}px)`;
  const board = document.querySelector(".kanban"), box = board.getBoundingClientRect();
  if (event.clientX < box.left + EDGE) board.scrollLeft -= 12;
  if (event.clientX > box.right - EDGE) board.scrollLeft += 12;
  const under = document.elementsFromPoint(event.clientX, event.clientY).find((each) => each.matches(TARGETS));
  document.querySelectorAll(".is-over").forEach((each) => each !== under && each.classList.remove("is-over"));
  if (under) under.classList.add("is-over");
  drag.over = under || null;
}

function end() {
  if (!drag) return;
  clearTimeout(drag.timer);
  if (drag.ghost) drag.ghost.remove();
  drag.item.classList.remove("is-dragged");
  document.querySelectorAll(TARGETS).forEach((each) => each.classList.remove("takes", "refuses", "is-over"));
  drag = null;
}

function drop(item, target) {
  if (!target || target === item.closest("[data-column]")) return;
  const act = actOf(item, target);
  const column = target.dataset.person ? document.querySelector("[data-column=offered]") : target;
  if (!act) { say(`${item.dataset.number}: ${column.dataset.refuses}`, "late"); return; }
  const form = item.closest("form");
  form.querySelectorAll("input[name=item]").forEach((box) => { box.checked = false; });
  const box = item.querySelector("input[name=item]");
  box.checked = true;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  const button = form.querySelector(`button[name=action][value="${act}"]`);
  const part = button && button.closest("[data-part]");
  if (target.dataset.person) give(form, button, part, target.dataset.person);
  else if (column.dataset.asks && column.dataset.asks.split(" ").includes(act)) ask(part);
  else if (button) form.requestSubmit(button);
}

const ask = (part) => document.dispatchEvent(new CustomEvent("only", { detail: { dialog: part.closest("dialog"), part: part.dataset.part } }));

/** To a technician at once where he may have it; where that needs a reason, the menu asks for it and says why. */
async function give(form, button, part, person) {
  const choice = part.querySelector("select");
  if (![...choice.options].some((each) => each.value === person)) return;
  choice.value = person;
  const body = new FormData(form);
  body.set("action", button.value);
  try {
    const answer = await fetch(form.dataset.tries, { method: "POST", body, redirect: "manual" });
    if (answer.status === 200) { form.requestSubmit(button); return; }
    ask(part);
    if (answer.status === 422) say((await answer.json()).why, "soon");
  } catch {
    say(document.body.dataset.lost, "soon");
  }
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
