// The live page: acknowledging, and what has just come.

import { report, toast } from "../page.js";

const dialog = document.getElementById("acknowledge");

document.addEventListener("click", (event) => {
  const button = event.target.closest("a[data-acknowledge]");
  if (!button) return;
  event.preventDefault();
  ask(button);
});

function ask(button) {
  const form = dialog.querySelector("form");
  const card = button.closest(".card");
  form.reset();
  form.action = button.dataset.acknowledge;
  report(form.querySelector("output"), { done: true, text: "" });
  dialog.querySelector(".what").textContent = [".severity", ".card-title a", ".where"]
    .map((part) => card.querySelector(part)?.textContent.trim())
    .filter(Boolean)
    .join(" · ");
  dialog.showModal();
  form.elements.reason.focus();
}

document.addEventListener("journal", ({ detail }) => {
  for (const { alert, event } of detail) {
    const words = document.querySelector(`template#${event}`); // only what is loud has one
    const card = document.getElementById(`alert-${alert}`);
    if (!words || !card || card.classList.contains("suppressed")) continue;
    card.classList.add("fresh");
    const title = card.querySelector(".card-title").textContent.trim();
    toast(words.content.textContent.replace("{what}", title));
  }
});
