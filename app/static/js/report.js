/* Under the chosen tile one pick has to be made; those of the other tiles are not asked for. They come into sight where
   the bar at the bottom would cover them.
   Without this module the server asks, and photos have to be chosen again. */

const form = document.getElementById("report");

function demand() {
  form.querySelectorAll(".problems > .under").forEach((under) => {
    const chosen = under.previousElementSibling.previousElementSibling.checked;
    under.querySelectorAll("input[type=radio]").forEach((pick) => { pick.required = chosen; });
  });
}

form.addEventListener("change", (event) => {
  if (event.target.name !== "group") return;
  demand();
  event.target.nextElementSibling.nextElementSibling.scrollIntoView({ block: "nearest" });
});
demand();
