/* Photos before they are sent: shown, removable, and made small enough for a basement's signal.
   Without this module, or where a step of it fails, the two file inputs send the originals. */

const LONGEST = 2000;        // px, the longer side after scaling
const LIGHT = 400 * 1024;    // bytes; a photo below this is sent as it is
const QUALITY = 0.85;

function load(url) {
  return new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = failed;
    image.src = url;
  });
}

async function smaller(file) {
  if (!file.type.startsWith("image/") || file.type === "image/gif" || file.size <= LIGHT) return file;
  const url = URL.createObjectURL(file);
  try {
    const image = await load(url);
    const scale = Math.min(1, LONGEST / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.naturalWidth * scale);
    canvas.height = Math.round(image.naturalHeight * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg", lastModified: file.lastModified });
  } catch {
    return file;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function start(box) {
  const inputs = [...box.querySelectorAll("input[type=file]")];
  const keeper = inputs[inputs.length - 1];
  const limit = Number(box.dataset.photos) || 1;
  const needed = inputs.some((input) => input.required);
  let kept = [];

  function store() {
    const files = new DataTransfer();
    kept.forEach((it) => files.items.add(it.file));
    keeper.files = files.files;
    inputs.forEach((input) => {
      if (input !== keeper) input.value = "";
      input.required = needed && kept.length === 0 && input === inputs[0];
      input.closest(".shot--add").classList.toggle("is-full", kept.length >= limit);
    });
  }

  function remove(it) {
    kept = kept.filter((other) => other !== it);
    URL.revokeObjectURL(it.url);
    it.figure.remove();
    store();
    keeper.focus();
  }

  function add(file) {
    const it = { file, url: URL.createObjectURL(file) };
    kept.push(it);
    show(it);
  }

  function show(it) {
    const figure = document.createElement("figure");
    figure.className = "shot";
    const image = document.createElement("img");
    image.src = it.url;
    image.alt = it.file.name;
    image.addEventListener("error", () => { // no browser can show it: said now, not after it was sent
      const word = document.createElement("span");
      word.className = "field__error";
      word.textContent = box.dataset.odd;
      image.replaceWith(word);
    });
    const button = document.createElement("button");
    button.type = "button";
    button.className = "shot__x";
    button.setAttribute("aria-label", box.dataset.remove);
    const cross = document.createElement("span");
    cross.setAttribute("aria-hidden", "true");
    cross.textContent = "×";
    button.append(cross);
    button.addEventListener("click", () => remove(it));
    figure.append(image, button);
    it.figure = figure;
    box.insertBefore(figure, inputs[0].closest(".shot--add"));
  }

  async function take(event) {
    const chosen = [...event.target.files];
    const before = event.target === keeper ? kept.map((it) => it.file) : [];
    const fresh = chosen.filter((file) => !before.includes(file));
    const room = limit - kept.length;
    if (fresh.length > room && room < limit) document.dispatchEvent(new CustomEvent("toast", { detail: { text: box.dataset.full, kind: "soon" } }));
    for (const file of fresh.slice(0, room)) add(await smaller(file));
    store();
  }

  /** Who goes back meets what the browser puts back; it would be sent unseen. */
  function comeBack() {
    for (const file of keeper.files) if (!kept.some((it) => it.file === file)) add(file);
  }

  window.addEventListener("pageshow", comeBack);
  inputs.forEach((input) => input.addEventListener("change", take));
}

try {
  new DataTransfer();
  document.querySelectorAll("[data-photos]").forEach(start);
} catch {
  // an engine without DataTransfer keeps the plain inputs
}
