// The inbox by keyboard. The cursor is an alert, not a place: it stays with its alert when the
// list is renewed. If that alert leaves, the cursor is between two rows, and on none, so that
// no key that was meant for the one hits another; j and k go on from there.

import { report } from "/static/page.js";
import { toast } from "/static/toast.js";

const list = document.getElementById("alerts");
const work = document.getElementById("work");
const chosen = document.getElementById("chosen");
const all = document.getElementById("all");
const shelve = document.getElementById("shelve");
const keysOn = document.getElementById("keys-on");

let current = null; // id of the row that the cursor is on
let order = ids();
let following = order[0] ?? null; // else: id of the row behind it; null: it is at the end

function ids() {
  return [...list.children].map((row) => row.id);
}

const row = () => (current ? document.getElementById(current) : null);
const boxes = () => [...list.querySelectorAll("input[name=alert]")];
const ticked = () => boxes().filter((box) => box.checked);

// Cursor.

function put(id) {
  row()?.classList.remove("cursor");
  current = id;
  const here = row();
  here.classList.add("cursor");
  here.querySelector(".what a").focus({ preventScroll: true });
  here.scrollIntoView({ block: "nearest" });
}

function move(step) {
  if (!order.length) return;
  const at = order.indexOf(current);
  const gap = following ? order.indexOf(following) : order.length;
  const from = at >= 0 ? at : step > 0 ? gap - 1 : gap;
  put(order[Math.min(Math.max(from + step, 0), order.length - 1)]);
}

function keep() {
  const before = order;
  order = ids();
  const anchor = current ?? following;
  if (!current && following === (before[0] ?? null)) {
    following = order[0] ?? null; // above all others, and stays there
  } else if (anchor && !order.includes(anchor)) {
    const behind = before.slice(before.indexOf(anchor) + 1);
    following = behind.find((id) => order.includes(id)) ?? null;
    current = null;
  }
  row()?.classList.add("cursor");
}

list.addEventListener("focusin", (event) => {
  const here = event.target.closest("li");
  row()?.classList.remove("cursor");
  current = here.id;
  here.classList.add("cursor");
});

// Selection.

function count() {
  if (!chosen) return;
  const n = ticked().length;
  chosen.textContent = n ? chosen.dataset.some.replace("{n}", n) : chosen.dataset.none;
  all.checked = n > 0 && n === boxes().length;
  all.indeterminate = n > 0 && !all.checked;
}

function choose(on) {
  for (const box of boxes()) box.checked = on;
  count();
}

list.addEventListener("change", count);
all?.addEventListener("change", () => choose(all.checked));
const number = (value) => value.split(":")[0]; // of an alert; a renewal may have brought another revision
// What was sent is chosen no more, also where some were refused: the answer names them, and the
// next key must not hit the others. What was chosen meanwhile stays chosen.
for (const came of ["sent", "refused"]) {
  work.addEventListener(came, ({ detail: fields }) => {
    if (fields.has("only")) return;
    const gone = new Set(fields.getAll("alert").map(number));
    for (const box of ticked()) if (gone.has(number(box.value))) box.checked = false;
    count();
  });
}

// Commands.

function acknowledge() {
  const mine = row()?.querySelector("button[name=only]");
  if (ticked().length) work.requestSubmit(document.getElementById("acknowledge"));
  else if (mine) work.requestSubmit(mine);
}

function openShelve(alerts) {
  if (!alerts.length) return;
  shelve.querySelector(".fields").replaceChildren(...alerts.map((value) => {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "alert", value });
    return field;
  }));
  shelve.querySelector(".whom").textContent = alerts
    .map((value) => `#${value.split(":")[0]}`).join(", ");
  report(shelve.querySelector("output"), { done: true, text: "" });
  shelve.showModal();
  shelve.querySelector("[name=reason]").focus();
}

const selection = () => ticked().map((box) => box.value);
shelve?.addEventListener("sent", () => {
  choose(false);
  shelve.querySelector("form").reset();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-shelve]");
  if (button) openShelve(button.dataset.shelve ? [button.dataset.shelve] : selection());
});

// Keys.

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  a: acknowledge,
  s: () => {
    const mine = row()?.querySelector("[data-shelve]");
    openShelve(ticked().length ? selection() : mine ? [mine.dataset.shelve] : []);
  },
  x: () => row()?.querySelector("input[name=alert]")?.click(),
  "/": () => {
    document.getElementById("q").focus();
    document.getElementById("q").select();
  },
  "?": () => document.getElementById("help").showModal(),
  Escape: () => choose(false),
};

keysOn.checked = localStorage.getItem("inbox.keys") !== "off";
keysOn.addEventListener("change", () => {
  localStorage.setItem("inbox.keys", keysOn.checked ? "on" : "off");
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "Enter") {
    if (!event.target.closest("a, button, summary") && row()) {
      event.preventDefault(); // of a box it would send the form
      row().querySelector(".what a").click();
    }
  } else if (KEYS[event.key] && (keysOn.checked || event.key === "Escape")) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

document.querySelector(".handover .end form")?.addEventListener("sent", (event) => {
  toast(event.target.querySelector("output").textContent);
  event.target.reset();
  event.target.closest("details").open = false;
});

document.addEventListener("renewed", () => {
  keep();
  count();
});
count();
