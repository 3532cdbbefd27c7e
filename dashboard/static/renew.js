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

/** Whether the last attempt failed: then what the page shows may be old. */
export const stale = () => failing;

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

function takeAttributes(here, fresh) {
  for (const name of here.getAttributeNames()) {
    if (!fresh.hasAttribute(name)) here.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (here.getAttribute(name) !== value) here.setAttribute(name, value);
  }
}

function takeChildren(here, fresh) {
  if (here.hasAttribute("data-list")) return takeList(here, fresh);
  const old = [...here.childNodes];
  const now = [...fresh.childNodes];
  if (old.length === now.length) old.forEach((child, index) => take(child, now[index]));
  else here.replaceChildren(...now.map((child) => document.adoptNode(child)));
}

function takeList(here, fresh) {
  const known = new Map([...here.children].map((child) => [child.id, child]));
  let place = here.firstElementChild;
  for (const child of [...fresh.children]) {
    const old = known.get(child.id);
    known.delete(child.id);
    if (old && old === place) place = place.nextElementSibling;
    else here.insertBefore(old ?? document.adoptNode(child), place);
    if (old) take(old, child);
  }
  for (const gone of known.values()) gone.remove();
}
