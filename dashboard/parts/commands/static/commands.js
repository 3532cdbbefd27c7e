// Forms of commands: each says which alert it is about, in which revision it was seen, and has
// an id of its own, so that what is sent twice is done once.

import { report } from "../page.js";

function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is for https only
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function aim(form, { alert, revision }) {
  form.action = `/alerts/${alert}/commands`;
  form.elements.revision.value = revision;
  form.elements.id.value = uuid();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest('[data-open^="command-"]');
  if (!opener) return;
  const form = document.getElementById(opener.dataset.open).querySelector("form");
  form.reset();
  report(form.querySelector("output"), { done: true, text: "" });
  form.querySelector(".which").textContent = `#${opener.dataset.alert}`;
  form.dataset.opener = opener.id;
  aim(form, opener.dataset);
});

// Who was told that the alert has changed may go on, knowing how it is now: by the next
// renewal, or by one that came before the refusal.
function goOn() {
  const form = document.querySelector("dialog.command[open] form:has(.result.failed)");
  const opener = form && document.getElementById(form.dataset.opener);
  if (opener) aim(form, opener.dataset);
}
document.addEventListener("refused", goOn);
document.addEventListener("renewed", goOn);
