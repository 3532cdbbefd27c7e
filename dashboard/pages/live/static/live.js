// The live page: links that change only the page's address, commands, announcements.

import { renew } from "../renew.js";

// Links within the page.

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  await renew();
  if (link.dataset.go) {
    document.querySelector(link.dataset.go).scrollIntoView({ block: "nearest" });
  }
});
addEventListener("popstate", renew);

// Commands: forms are sent, what came of them is shown beside them.

async function send(form, fields) {
  const answer = await fetch(form.getAttribute("action"), {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(15000),
  });
  const { text, detail } = await answer.json();
  return { done: answer.ok, text: answer.ok ? text : detail };
}

function report(output, { done, text }) {
  output.textContent = text;
  output.className = `result ${done ? "done" : "failed"}`;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-send]");
  if (!form) return;
  event.preventDefault();
  const output = form.querySelector("output");
  const fields = new FormData(form, event.submitter); // of a disabled button it would not tell
  const buttons = form.querySelectorAll("button:not([data-cancel])");
  for (const button of buttons) button.disabled = true;
  const result = await send(form, fields).catch(() => ({
    done: false,
    text: output.dataset.failed,
  }));
  for (const button of buttons) button.disabled = false;
  report(output, result);
  if (result.done && dialog.contains(form)) {
    dialog.close();
    toast(result.text);
  }
  await renew();
});

// Acknowledging.

const dialog = document.getElementById("acknowledge");

document.addEventListener("click", (event) => {
  const button = event.target.closest("a[data-acknowledge]");
  if (button) {
    event.preventDefault();
    ask(button);
  } else if (event.target.closest("[data-cancel]")) {
    dialog.close();
  }
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

// What has just come.

function toast(words) {
  const one = document.createElement("p");
  one.className = "toast";
  one.textContent = words;
  document.getElementById("toasts").append(one);
  setTimeout(() => one.remove(), 8000);
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
