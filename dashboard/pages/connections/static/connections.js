// Buttons that copy a text. Where the browser lends no clipboard (by http), the text is
// selected instead, ready for the keys.

async function copy(button) {
  const text = document.getElementById(button.dataset.copy);
  getSelection().selectAllChildren(text);
  await navigator.clipboard.writeText(text.textContent);
  const words = button.firstElementChild;
  const before = words.textContent;
  if (before === button.dataset.done) return;
  words.textContent = button.dataset.done;
  setTimeout(() => { words.textContent = before; }, 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button).catch(() => {}); // it stays selected
});
