/* Time that runs on the page: <span data-until="ISO" data-left="seconds"> counts down, <span data-since="ISO"> counts up.
   data-left and data-passed (seconds since, as the server saw them) make a phone with a wrong clock count right. A <progress data-left-bar> in the same
   [data-timed] follows. Five minutes, one minute and the end are spoken once, politely; the ticking is not. */

const skews = new WeakMap();
const spoken = new WeakMap();
let region = null;

function speak(text) {
  if (!region) {
    region = document.createElement("p");
    region.className = "vh";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = text;
}

/** Milliseconds by which the server's clock is ahead of this device's: it was `left` seconds before `at` when it said so. */
function skew(element, at, left) {
  const known = skews.get(element);
  if (known && known.of === left && known.at === at) return known.by;
  const by = left === undefined ? 0 : at - Number(left) * 1000 - Date.now();
  skews.set(element, { of: left, at, by });
  return by;
}

function clock(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60, rest = String(s % 60).padStart(2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${rest}` : `${m}:${rest}`;
}

function down(element) {
  const at = Date.parse(element.dataset.until);
  const left = (at - Date.now() - skew(element, at, element.dataset.left)) / 1000;
  const over = left <= 0;
  element.textContent = over ? element.dataset.ended : clock(left);
  element.classList.toggle("is-soon", left < 60);
  const bar = (element.closest("[data-timed]") || element).querySelector("[data-left-bar]");
  if (bar) bar.value = Math.max(0, left);
  const mark = over ? "ended" : left < 60 ? "leftOne" : left < 300 ? "leftFew" : null;
  if (mark && spoken.get(element) !== mark) {
    if (spoken.has(element) || over) speak(element.dataset[mark]);
    spoken.set(element, mark);
    if (over) element.dispatchEvent(new CustomEvent("ended", { bubbles: true }));
  } else if (!mark) spoken.set(element, null);
}

function up(element) {
  const at = Date.parse(element.dataset.since), passedThen = element.dataset.passed;
  const passed = (Date.now() + skew(element, at, passedThen === undefined ? undefined : -passedThen) - at) / 1000;
  const minutes = Math.max(0, Math.floor(passed / 60));
  element.textContent = `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function tick() {
  document.querySelectorAll("[data-until]").forEach(down);
  document.querySelectorAll("[data-since]").forEach(up);
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:after:swap", tick);
