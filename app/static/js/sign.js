/* A signature drawn with finger, pen or mouse: <div data-sign> with a canvas and the hidden file input it fills with a PNG.
   The name typed beside it does as well, for whoever cannot draw; without this module there is the name alone. */

const INK = "#000", PAPER = "#fff"; // black on white in every theme: it is kept as a picture

function start(box) {
  const canvas = box.querySelector("canvas");
  const file = box.querySelector("input[type=file]");
  const clear = box.querySelector("[data-sign-clear]");
  const pen = canvas.getContext("2d");
  let drawing = false;
  let drawn = false;

  function blank() {
    const sharp = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = Math.round(canvas.clientWidth * sharp);
    canvas.height = Math.round(canvas.clientHeight * sharp);
    pen.fillStyle = PAPER;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.strokeStyle = INK;
    pen.lineWidth = 2.5 * sharp;
    pen.lineCap = pen.lineJoin = "round";
    drawn = false;
    file.value = "";
    clear.hidden = true;
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  }

  function keep() {
    canvas.toBlob((blob) => {
      if (!blob || !drawn) return;
      const files = new DataTransfer();
      files.items.add(new File([blob], "signature.png", { type: "image/png" }));
      file.files = files.files;
      file.dispatchEvent(new Event("input", { bubbles: true }));
    }, "image/png");
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!canvas.width || !drawn) blank(); // it had no size while its dialog was closed
    drawing = drawn = true;
    clear.hidden = false;
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
    pen.lineTo(...at(event));
    pen.stroke();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      if (drawing) keep();
      drawing = false;
    });
  }
  clear.addEventListener("click", () => { blank(); canvas.focus(); });
  box.hidden = false;
}

try {
  new DataTransfer();
  document.querySelectorAll("[data-sign]").forEach(start);
} catch {
  // an engine without DataTransfer keeps the name
}
