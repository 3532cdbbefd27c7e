// A page renews itself by asking for itself again: there is one rendering, the server's.
// Regions ([data-region]) take over what differs, in lists ([data-list]) child by child, by
// id; what is the same stays the same element, so that focus, scrolling and a click that is
// under way survive. What a script has drawn in [data-kept] is its own. The markup comes from
// our own templates, which escape every name.

const REST_AT_MOST = 2000; // milliseconds

let rested = 0; // when the next turn may begin: a flood of events leaves a busy server its breath
let running = null;
let again = false;
let failing = false;

// What a page has as a whole: with another person or language of another tab, nothing outside
// of its regions would fit what is in them.
const WHOSE = [(page) => page.body.dataset.person, (page) => page.documentElement.lang];

/** Whether the last attempt failed: then what the page shows may be old. */
export const stale = () => failing;

/** Buttons that do nothing without scripts come disabled: they wait for them. */
export function wake(page) {
  for (const one of page.querySelectorAll("button.script-only:disabled")) one.disabled = false;
}

/** Fetch the page and take over what changed. Calls that come meanwhile are one more turn. */
export function renew() {
  again = true;
  running ??= turns().finally(() => { running = null; });
  return running;
}

async function turns() {
  while (again) {
    await new Promise((go) => setTimeout(go, rested - performance.now()));
    again = false;
    const began = performance.now();
    try {
      await turn();
      failing = false;
    } catch {
      failing = true;
    }
    const took = performance.now() - began;
    rested = performance.now() + Math.min(took, REST_AT_MOST);
  }
}

async function turn() {
  const answer = await fetch(location.href, {
    headers: { Accept: "text/html" },
    signal: AbortSignal.timeout(5000),
  });
  if (answer.redirected && new URL(answer.url).pathname === "/sign-in") {
    return location.assign(answer.url); // the session is over
  }
  if (answer.status >= 500) throw new Error(answer.statusText);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  wake(fresh);
  if (WHOSE.some((of) => of(document) !== of(fresh))) return location.reload();
  document.title = fresh.title;
  for (const region of fresh.querySelectorAll("[data-region]")) {
    const here = document.getElementById(region.id);
    if (!here) return location.reload();
    take(here, region);
  }
  document.dispatchEvent(new Event("renewed"));
}

function take(here, fresh) {
  if (here.isEqualNode(fresh)) return;
  if (here.nodeName !== fresh.nodeName || here.id !== fresh.id) {
    here.replaceWith(document.adoptNode(fresh));
  } else if (here.nodeType !== Node.ELEMENT_NODE) {
    here.data = fresh.data;
  } else {
    takeAttributes(here, fresh);
    if (!here.hasAttribute("data-kept")) takeChildren(here, fresh);
  }
}

const OWN = ["open", "disabled"]; // whoever looks has opened it; what it sends is under way

function takeAttributes(here, fresh) {
  for (const name of here.getAttributeNames()) {
    if (!fresh.hasAttribute(name) && !OWN.includes(name)) here.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (here.getAttribute(name) !== value) here.setAttribute(name, value);
  }
}

function takeChildren(here, fresh) {
  if (here.hasAttribute("data-list")) return takeList(here, fresh);
  const old = [...here.childNodes];
  const now = [...fresh.childNodes];
  if (old.length !== now.length) return takeMiddle(here, old, now);
  old.forEach((child, index) => take(child, now[index]));
}

/** Children of another number: those before and behind what came or went stay. */
function takeMiddle(here, old, now) {
  const least = Math.min(old.length, now.length);
  let before = 0;
  while (before < least && alike(old[before], now[before])) before += 1;
  let behind = 0;
  while (behind < least - before && alike(old.at(-1 - behind), now.at(-1 - behind))) behind += 1;
  for (let n = 0; n < before; n += 1) take(old[n], now[n]);
  for (let n = 1; n <= behind; n += 1) take(old.at(-n), now.at(-n));
  const next = old[old.length - behind] ?? null;
  for (const gone of old.slice(before, old.length - behind)) gone.remove();
  for (const come of now.slice(before, now.length - behind)) {
    here.insertBefore(document.adoptNode(come), next);
  }
}

/** Whether one may become the other without anybody being misled. */
function alike(one, other) {
  return one.isEqualNode(other)
    || (one.nodeType === Node.ELEMENT_NODE && one.id !== "" && one.id === other.id);
}

function takeList(here, fresh) {
  const stay = new Set([...fresh.children].map((child) => child.id));
  for (const child of [...here.children]) if (!stay.has(child.id)) child.remove();
  const known = new Map([...here.children].map((child) => [child.id, child]));
  const focused = document.activeElement;
  let place = here.firstElementChild;
  for (const child of [...fresh.children]) {
    const old = known.get(child.id);
    if (old && old === place) place = place.nextElementSibling;
    else here.insertBefore(old ?? document.adoptNode(child), place);
    if (old) take(old, child);
  }
  if (here.contains(focused)) focused.focus({ preventScroll: true }); // what is moved loses it
}
