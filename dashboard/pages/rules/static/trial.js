// A trial is asked for as its form says, and told as it goes on: a stream of events, the last
// of which holds what came of it. Leaving the page, or a new trial, ends the one under way.

import { report } from "/static/page.js";

const form = document.getElementById("trial");
const cancel = document.getElementById("cancel");
const bar = document.getElementById("progress");
const told = document.getElementById("told");
const result = document.getElementById("result");
let running = null;

form.addEventListener("submit", async (event) => {
  if (event.submitter?.name === "find") return; // looks for points: another page
  event.preventDefault();
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const query = new URLSearchParams(new FormData(form));
  history.replaceState(null, "", `?${query}`);
  show(true);
  report(told, { done: true, text: "" });
  result.replaceChildren();
  try {
    await follow(`?${query}`, mine.signal);
  } catch {
    const text = mine.signal.aborted ? told.dataset.cancelled : told.dataset.failed;
    if (running === mine) report(told, { done: false, text });
  }
  if (running === mine) show(false);
});
cancel.addEventListener("click", () => running?.abort());

function show(busy) {
  cancel.hidden = bar.hidden = !busy;
  bar.value = 0;
}

async function follow(address, signal) {
  const answer = await fetch(address, { headers: { Accept: "text/event-stream" }, signal });
  if (!answer.headers.get("Content-Type").startsWith("text/event-stream")) {
    const { detail } = await answer.json();
    return report(told, { done: false, text: detail });
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("ended without a result"); // the server did
    const events = (text + value).split("\n\n");
    text = events.pop();
    for (const event of events) {
      if (take(JSON.parse(event.slice("data: ".length)))) return;
    }
  }
}

/** Shows what an event tells; whether it was the last. The markup comes from our own template,
 *  which escapes every name. */
function take({ share, text, failed, html }) {
  if (html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    result.replaceChildren(...fresh.body.childNodes);
  }
  if (failed || html) {
    report(told, { done: !failed, text: failed ?? "" });
    return true;
  }
  bar.value = share;
  told.className = "result";
  told.textContent = text;
  return false;
}
