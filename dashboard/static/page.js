// What all pages can do: links within the page, forms that are sent without leaving it,
// and dialogs.
//
//   <a href="…" data-go>            changes the page's address and renews it
//   <form data-send>                is sent; its <output class="result"> says what came of it
//   <button data-open="ID">         opens the dialog of that id; data-cancel closes it

import { renew, wake } from "./renew.js";
import { toast } from "./toast.js";

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
  return { done: answer.ok, answered: true, text: answer.ok ? text : detail };
}

export function report(output, { done, text }) {
  output.textContent = text;
  output.className = `result ${done ? "done" : "failed"}`;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-send]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  if (button.disabled) return; // a key pressed it once more
  const output = form.querySelector("output");
  const fields = new FormData(form, button); // of a disabled button it would not tell
  button.disabled = true; // only this one: who works by keyboard is at the next alert by now
  const result = await send(form, fields).catch(() => ({
    done: false,
    text: output.dataset.failed,
  }));
  report(output, result);
  const dialog = form.closest("dialog");
  if (result.done && dialog) {
    dialog.close();
    toast(result.text);
  }
  if (result.answered) {
    const came = result.done ? "sent" : "refused";
    form.dispatchEvent(new CustomEvent(came, { bubbles: true, detail: fields }));
  }
  await renew(); // before it is sent again: by what it was refused for, the form is behind
  button.disabled = false;
  // Where what opened the dialog is no more, the keyboard goes on beside it.
  if (document.activeElement === document.body) {
    places.get(dialog)?.querySelector("button, a")?.focus();
  }
});

// Dialogs.

const places = new WeakMap(); // dialog → what holds that which opened it

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) {
    event.preventDefault();
    const dialog = document.getElementById(opener.dataset.open);
    places.set(dialog, opener.parentElement);
    dialog.showModal();
  } else if (event.target.closest("[data-cancel]")) {
    event.target.closest("dialog").close();
  }
});

wake(document);
