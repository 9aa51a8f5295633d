/* What was typed outlives a change of language and a sign-in: <form data-keeps> and <a data-keeps> lead away from this page
   and, at last, back to an address (`next`). The page's fields are kept for it in this tab and put back once it is opened.
   Passwords are never kept; photos wait in the browser's own database, under a random name that this tab alone knows.
   Who sees it: what somebody wrote who was signed in, he alone, in this tab: for a minute while the language changes, for a
   quarter of an hour where his session has ended. A page that is nobody's, a sticker's, waits as long for whoever signs in
   next. What was sent is kept by the server (tickets/web/drafts.py), under the same rule.
   Fetched by js/app.js when somebody goes, or comes back; without it only what the server keeps is left. */

const SIGN_IN_MS = 15 * 60000, LANGUAGE_MS = 60000, PUT_MS = 3000;
const MADE_ANEW = new Set(["csrf_token", "idempotency_key"]);
const NEVER = new Set(["password", "file", "submit", "button", "image", "reset"]);

/* ---------- one field: which it is, on either page, and what it says ---------- */
const checkable = (field) => field.type === "checkbox" || field.type === "radio";
const several = (field) => field.type === "select-multiple";

/** The fields that count, each by its form, its name and its place among those alike. */
function fields() {
  const found = new Map();
  for (const field of document.querySelectorAll("input[name], select[name], textarea[name]")) {
    if (field.closest("form[data-keeps]") || MADE_ANEW.has(field.name)) continue;
    const form = field.form ? field.form.id || field.form.getAttribute("action") : "";
    const alike = [form, field.name, field.type, checkable(field) ? field.value : ""].join(" ");
    let at = 0;
    while (found.has(`${alike} ${at}`)) at += 1;
    found.set(`${alike} ${at}`, field);
  }
  return found;
}

function said(field) {
  if (checkable(field)) return field.checked;
  return several(field) ? [...field.selectedOptions].map((option) => option.value) : field.value;
}

function say(field, value) {
  if (checkable(field)) field.checked = value;
  else if (several(field)) for (const option of field.options) option.selected = value.includes(option.value);
  else field.value = value;
}

/** Whether it says something else than the page was drawn with; of radio buttons, whether any beside it does. */
function touched(field) {
  if (field.type === "radio") return beside(field).some((each) => each.checked !== each.defaultChecked || brought(each));
  if (checkable(field)) return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}

const beside = (radio) => [...document.getElementsByName(radio.name)].filter((each) => each.type === "radio" && each.form === radio.form);

/** A choice that a search brought into the page is not there when it is opened anew: its label is kept with it. */
function brought(field) {
  const list = field.closest(".picker__found");
  return list && field.checked ? { list: list.id, label: field.closest("label").outerHTML } : undefined;
}

/* ---------- photos ---------- */
/** Does something with the kept files, once what is over is gone; null where the browser keeps none, or not all was done. */
function store(work) {
  return new Promise((done) => {
    try {
      const opened = indexedDB.open("houqin", 1);
      opened.onupgradeneeded = () => opened.result.createObjectStore("files");
      opened.onerror = () => done(null);
      opened.onsuccess = () => {
        const asked = opened.result.transaction("files", "readwrite");
        asked.objectStore("files").delete(IDBKeyRange.upperBound([Date.now()])); // a name is [until, random]; texts come before lists
        const found = work(asked.objectStore("files"));
        asked.oncomplete = () => { opened.result.close(); done(found && found.result); };
        asked.onabort = () => { opened.result.close(); done(null); };
      };
    } catch {
      done(null);
    }
  });
}

function chosen() {
  return [...fields()].flatMap(([key, field]) => field.type === "file" && field.files.length && !field.closest("[data-sign]")
    ? [[key, [...field.files]]] : []);
}

/* ---------- away ---------- */
const address = (url) => { const at = new URL(url, location.href); return at.pathname + at.search; };

/** What the page's fields say: what was touched, with the version its form was drawn at, or `all`, where the page answers a form
    and shows anew what was sent. */
function spoken({ all, hidden }) {
  const found = [...fields()].filter(([, field]) => !NEVER.has(field.type));
  const filled = new Set(found.filter(([, field]) => touched(field)).map(([, field]) => field.form));
  const wanted = (field) => field.type === "hidden" ? hidden && (all || filled.has(field.form)) : all || touched(field);
  return found.filter(([, field]) => wanted(field)).map(([key, field]) => [key, said(field), brought(field)]);
}

/** Keep it for the page at `to`: its `lines` until an instant, and the name its photos wait under. */
function keep(to, kept) {
  try {
    sessionStorage.setItem(to, JSON.stringify(kept));
  } catch { /* nothing is kept in this browser */ }
}

/** Lets the page's photos wait until `until`; the name they wait under, once they really do. */
async function keepPhotos(until) {
  const files = chosen(), name = [until, crypto.getRandomValues(new Uint32Array(4)).join("-")];
  const put = files.length ? store((box) => box.put(files, name)) : null;
  return await Promise.race([put, new Promise((done) => setTimeout(done, PUT_MS))]) || undefined;
}

/** Where a form with a field `next`, or a link with such an argument, comes back to. */
function goal(way) {
  if (way.tagName === "A") return address(new URL(way.href).searchParams.get("next") || "/");
  const next = way.elements.namedItem("next");
  if (new URL(next.value, location.href).pathname === location.pathname) next.value = location.pathname + location.search; // filters move it
  return address(next.value);
}

/** Keep them for whoever writes here, where that way comes back to; with what says that a form was sent already (js/app.js). */
export async function keepFor(way, slot) {
  const signing = way.tagName === "A", to = goal(way), until = Date.now() + (signing ? SIGN_IN_MS : LANGUAGE_MS);
  const lines = spoken({ all: signing || way.dataset.keeps === "all", hidden: !signing });
  const { who } = document.body.dataset, { sent } = history.state || {};
  keep(slot + to, { until, who, sent, lines, files: await keepPhotos(until) });
}

/* ---------- and back ---------- */
function take(slot, at) {
  let here = null;
  try {
    for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(slot))) {
      const kept = JSON.parse(sessionStorage.getItem(key));
      if (key === slot + at || kept.until < Date.now()) sessionStorage.removeItem(key);
      if (key === slot + at && kept.until >= Date.now()) here = kept;
    }
  } catch {
    return null;
  }
  return here;
}

function tell(field) {
  for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
}

/** Say in the page's fields what was kept; those that say something else now. */
function fill(lines) {
  const changed = [];
  for (const [key, , found] of lines) {
    const list = found && document.getElementById(found.list);
    if (list && !fields().has(key)) list.insertAdjacentHTML("beforeend", found.label);
  }
  const now = fields();
  for (const [key, value] of lines) {
    const field = now.get(key);
    if (!field || JSON.stringify(said(field)) === JSON.stringify(value)) continue;
    say(field, value);
    if (field.type !== "hidden") changed.push(field);
  }
  for (const field of changed) for (let at = field.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
  return changed;
}

/** What a search had brought into a form that was sent, chosen: on the way back the form is drawn without it. */
export function bringBack(brought) {
  for (const [id, label] of brought) {
    const list = document.getElementById(id);
    if (!list) continue;
    list.insertAdjacentHTML("beforeend", label);
    const field = list.lastElementChild.querySelector("input");
    field.checked = true;
    tell(field);
  }
}

async function putPhotosBack(name) {
  const kept = await store((box) => { const asked = box.get(name); box.delete(name); return asked; });
  const now = fields();
  for (const [key, files] of kept || []) {
    const field = now.get(key), carried = new DataTransfer();
    if (!field) continue;
    files.forEach((file) => carried.items.add(file));
    field.files = carried.files;
    tell(field);
  }
}

/** Put back what was kept for this page, if anything was; gives what says that a form of it was sent already. */
export async function putBack(slot) {
  const at = address(location.href), kept = take(slot, at);
  if (!kept || (kept.who && kept.who !== document.body.dataset.who)) return undefined;
  fill(kept.lines).forEach(tell);
  if (kept.files) await putPhotosBack(kept.files);
  return kept.sent;
}
