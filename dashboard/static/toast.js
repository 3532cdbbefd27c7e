// What has just come: at most three at a time, or nobody reads any.

const TOASTS = 3;

export function toast(words) {
  const toasts = document.getElementById("toasts");
  const one = document.createElement("p");
  one.className = "toast";
  one.textContent = words;
  toasts.append(one);
  while (toasts.children.length > TOASTS) toasts.firstElementChild.remove();
  setTimeout(() => one.remove(), 8000);
  return one;
}
