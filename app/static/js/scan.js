/* A sticker read by the camera: <div data-scan data-into="field id" data-decoder="module">. The browser's own detector reads
   it where there is one, else the module named in data-decoder, fetched only then. What is read is put into the field and
   its form is sent. Where there is no camera to look through (no permission, no https), a picture of the sticker is read
   instead; without this module the code is typed. */

const EVERY_MS = 250;

let detector = null;

async function reader(box) {
  if (detector) return detector;
  if ("BarcodeDetector" in window && (await window.BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    detector = new window.BarcodeDetector({ formats: ["qr_code"] });
  } else {
    const { BarcodeDetector } = await import(box.dataset.decoder);
    detector = new BarcodeDetector({ formats: ["qr_code"] });
  }
  return detector;
}

function start(box) {
  const video = box.querySelector("video");
  const open = box.querySelector("[data-scan-open]");
  const picture = box.querySelector("[data-scan-picture]");
  const said = box.querySelector("[role=status]");
  const field = document.getElementById(box.dataset.into);
  let stream = null;

  function say(text) { said.textContent = text; }

  function stop() {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = true;
    video.srcObject = null;
    open.hidden = !navigator.mediaDevices;
  }

  function found(text) {
    stop();
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    say(box.dataset.found);
    field.form.requestSubmit();
  }

  async function look() {
    if (!stream) return;
    try {
      const codes = video.readyState >= 2 ? await (await reader(box)).detect(video) : [];
      if (codes.length && stream) return found(codes[0].rawValue);
    } catch {
      stop();
      instead(box.dataset.failed);
      return;
    }
    setTimeout(look, EVERY_MS);
  }

  function instead(text) {
    open.hidden = true;
    picture.hidden = false;
    say(text);
  }

  async function begin() {
    say("");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      instead(box.dataset.refused);
      return;
    }
    open.hidden = true;
    video.hidden = false;
    video.srcObject = stream;
    await video.play().catch(() => {});
    say(box.dataset.looking);
    look();
  }

  async function read(file) {
    if (!file) return;
    try {
      const codes = await (await reader(box)).detect(await createImageBitmap(file));
      if (codes.length) found(codes[0].rawValue);
      else say(box.dataset.unread);
    } catch {
      say(box.dataset.failed);
    }
  }

  open.addEventListener("click", begin);
  picture.querySelector("input").addEventListener("change", (event) => read(event.target.files[0]));
  const dialog = box.closest("dialog");
  if (dialog) dialog.addEventListener("close", stop);
  window.addEventListener("pagehide", stop);
  box.hidden = false;
  if (navigator.mediaDevices) open.hidden = false;
  else picture.hidden = false;
}

document.querySelectorAll("[data-scan]").forEach(start);
