// The live stream, and the banner that says whether it is alive. The page is calm only while
// pulses arrive and the page could be renewed: whatever breaks, by silence it turns to lost.

import { renew, stale } from "./renew.js";
import { follow } from "./shared.js";

const LOST_AFTER = 5000; // milliseconds without a pulse, by the browser's own clock
const RENEW_AT_MOST = 2000;
const RENEW_AT_LEAST = 15000; // what depends on time alone, such as silence

const body = document.body;
const SHOWS_READINGS = body.dataset.renew === "readings"; // else what it shows is told by the journal

let heard = Date.now();
let renewed = Date.now();
let mark = null;

function decide() {
  const silence = Math.abs(Date.now() - heard); // a clock that was set back is no excuse
  if (silence > LOST_AFTER && body.dataset.live !== "lost") body.dataset.live = "lost";
}

setInterval(decide, 500);
document.addEventListener("visibilitychange", decide);
addEventListener("pageshow", (event) => event.persisted && location.reload());

function onPulse(pulse) {
  show(pulse);
  const deaf = pulse.state === "deaf";
  if (stale() && !deaf) {
    renewNow(); // and let silence grow: what is shown is old
    return;
  }
  const trouble = body.dataset.live === "lost" || body.dataset.box === "deaf";
  body.dataset.box = pulse.state;
  body.dataset.live = "yes";
  heard = Date.now();
  if (deaf) return;
  const since = heard - renewed;
  const readings = SHOWS_READINGS && pulse.mark !== mark && since >= RENEW_AT_MOST;
  if (trouble || readings || since >= RENEW_AT_LEAST) {
    mark = pulse.mark;
    renewNow();
  }
}

function show(pulse) {
  for (const one of document.querySelectorAll("[data-reason]")) {
    one.hidden = one.dataset.reason !== pulse.reason;
  }
  for (const one of document.querySelectorAll("[data-age]")) {
    say(one, pulse.age === null ? "" : one.dataset.age.replace("{age}", ago(pulse.age)));
  }
  for (const one of document.querySelectorAll("[data-waiting]")) {
    const many = pulse.waiting >= 500;
    const n = pulse.waiting.toLocaleString(document.documentElement.lang);
    say(one, many ? `· ${one.dataset.waiting.replace("{n}", n)}` : "");
  }
}

/** What says the same stays: a selection in it outlives the second, and nothing is read out. */
function say(one, words) {
  if (one.textContent !== words) one.textContent = words;
}

function ago(seconds) {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, {
    style: "short",
    numeric: "auto",
  });
  if (seconds < 60) return words.format(-Math.round(seconds), "second");
  if (seconds < 3600) return words.format(-Math.round(seconds / 60), "minute");
  return words.format(-Math.round(seconds / 3600), "hour");
}

function renewNow() {
  renewed = Date.now();
  return renew();
}

async function onJournal(entries) {
  await renewNow();
  document.dispatchEvent(new CustomEvent("journal", { detail: entries }));
}

const TAKE = { pulse: onPulse, journal: onJournal, renew: renewNow };
let position = body.dataset.position ?? "";

/** An event of the stream, which has told everything up to `at`. */
function take(kind, data, at) {
  position = at || position;
  TAKE[kind](data);
}

follow({
  person: body.dataset.person,
  position: () => position,
  take,
  refused: renewNow,
});
