/* When something was really done: forms of the crew carry this device's time and how far it is from the server's, so that a
   wrong clock is put right and what was tapped in a cellar counts when it was tapped.
   <meta name="contact" content="signed instant" data-now="ISO" data-for="/crew/"> says when the server was last heard. */

const meta = document.querySelector("meta[name=contact]");

/** Seconds by which the server's clock is ahead: what it said, against when its answer began to arrive. */
function ahead() {
  const arrived = performance.getEntriesByType("navigation")[0];
  const since = arrived ? performance.now() - arrived.responseStart : 0;
  return (Date.parse(meta.dataset.now) - (Date.now() - since)) / 1000;
}

const offset = meta ? ahead() : 0;

function put(form, name, value) {
  let field = form.querySelector(`input[name="${name}"]`);
  if (!field) {
    field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    form.append(field);
  }
  field.value = value;
}

/* Once per idempotency key: a repeat of what was sent is the same to the server. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!meta || form.method !== "post" || !new URL(form.action).pathname.startsWith(meta.dataset.for)) return;
  const key = form.elements.namedItem("idempotency_key");
  if (form.dataset.stamped && form.dataset.stamped === (key && key.value)) return;
  form.dataset.stamped = key ? key.value : "";
  put(form, "device_at", new Date().toISOString());
  put(form, "device_offset_s", offset.toFixed(3));
  put(form, "contact", meta.content);
}, true);
