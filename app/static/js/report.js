/* What the chosen fault asks for has to be answered; what others ask for has not. What opens comes into sight where the bar
   at the bottom would cover it. An answer that means danger keeps the form from being sent.
   Without this module the server asks, and photos have to be chosen again. */

const form = document.getElementById("report");
const STOPPED = form.dataset.stopped;

/** Whether a part belongs to the fault that is chosen now: every radio above it is checked. */
function counts(part) {
  for (let at = part; at !== form; at = at.parentElement) {
    if (at.matches(".asked, .under") && at.previousElementSibling && at.previousElementSibling.matches("label")) {
      if (!at.previousElementSibling.previousElementSibling.checked) return false;
    }
  }
  return true;
}

function demand() {
  form.querySelectorAll(".problems > .under").forEach((under) => {
    const now = counts(under);
    under.querySelectorAll("input[type=radio][name^=problem_]").forEach((pick) => { pick.required = now; });
  });
  form.querySelectorAll("[data-needed]").forEach((part) => {
    const now = counts(part);
    const several = part.dataset.asks === "some" && part.querySelector("input:checked");
    part.querySelectorAll("input, textarea").forEach((field) => { field.required = now && !several; });
  });
  form.querySelectorAll("[data-stops]").forEach((field) => {
    field.setCustomValidity(field.checked && counts(field) ? STOPPED : "");
  });
}

form.addEventListener("change", (event) => {
  demand();
  const face = event.target.nextElementSibling;
  const opened = face && face.nextElementSibling;
  if (opened && opened.matches(".under, .asked, .stop")) opened.scrollIntoView({ block: "nearest" });
});
demand();

// A browser that comes back to the form, or loads it again, may have kept another choice than the page was drawn with: what
// depends on it is asked for anew. In a timer, as htmx begins in one; of the form, so that nobody is scrolled away from
// where he was. A page taken out of the browser's memory as it stood lacks nothing.
addEventListener("pageshow", (event) => {
  const picks = [...form.querySelectorAll("input[type=radio]")];
  if (event.persisted || !picks.some((pick) => pick.checked && !pick.defaultChecked)) return;
  setTimeout(() => form.dispatchEvent(new Event("change")));
});
