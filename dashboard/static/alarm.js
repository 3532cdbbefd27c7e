// Critical alerts that nobody has acknowledged: a number in the title and at the inbox, and,
// where it was turned on in this browser, a sound.
//
// After ISA-18.2 a sound calls until somebody responds: it repeats while an active critical
// alert is unacknowledged, for one beep is lost on who was out of the room. It can be
// silenced without acknowledging, until a newer one is raised. What has returned, is shelved,
// or was not in use makes no sound. Several tabs sound as one.

const REPEAT = 20000; // milliseconds from sound to sound
const TOGETHER = 5000; // within which one tab's sound is enough
const AGAIN = 10000; // between two questions that no event gives rise to

import { toast } from "./toast.js"; // of nothing else: what breaks a page must not silence it

const control = document.getElementById("sound");
let now = { unacknowledged: 0, newest: null };
let known = null; // when the newest was raised that this page has known of
let asked = 0;
let audio = null;

const isOn = () => localStorage.getItem("alarm") === "on";
const SILENCED = `alarm.silenced.${document.body.dataset.person}`; // nobody silences for the next one
const silenced = () => Number(localStorage.getItem(SILENCED) ?? 0);
const calls = () => isOn() && now.newest !== null && now.newest > silenced();
// Before the first click or key on a page a browser lets none sound, and complains.
const mayPlay = () => navigator.userActivation?.hasBeenActive ?? audio !== null;

async function ask() {
  asked = Date.now();
  try {
    const answer = await fetch("/alerts/ringing", {
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(5000),
    });
    if (!answer.ok) return;
    now = await answer.json();
  } catch {
    return; // the banner says what is the matter
  }
  tell();
  show();
  sound();
}

/** One that has come since the page was opened is said once, for who does not see the page. */
function tell() {
  if (known !== null && now.newest > known && !document.querySelector(".toast.critical")) {
    toast(document.getElementById("toasts").dataset.critical).classList.add("critical");
  }
  known = Math.max(known, now.newest);
}

function show() {
  const many = now.unacknowledged > 1000 ? "1000+" : now.unacknowledged;
  const plain = document.title.replace(/^\(‼[\d+]+\) /, "");
  document.title = now.unacknowledged ? `(‼${many}) ${plain}` : plain;
  const inbox = document.getElementById("nav-inbox");
  if (now.unacknowledged) inbox?.setAttribute("data-ringing", many);
  else inbox?.removeAttribute("data-ringing");
  if (control) control.dataset.state = state();
}

function state() {
  if (!isOn()) return "off";
  if (!mayPlay()) return "blocked";
  return calls() ? "calls" : "on";
}

function sound() {
  if (!calls() || !mayPlay()) return;
  const last = Number(localStorage.getItem("alarm.sounded") ?? 0);
  if (Math.abs(Date.now() - last) < TOGETHER) return;
  localStorage.setItem("alarm.sounded", Date.now());
  control.dataset.sounded = Number(control.dataset.sounded ?? 0) + 1;
  beep([880, 660, 880]);
}

function beep(tones) {
  audio ??= new AudioContext();
  audio.resume();
  const volume = new GainNode(audio, { gain: 0 });
  volume.connect(audio.destination);
  tones.forEach((frequency, i) => {
    const start = audio.currentTime + 0.05 + i * 0.25;
    const tone = new OscillatorNode(audio, { frequency });
    tone.connect(volume);
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.25, start + 0.02);
    volume.gain.setValueAtTime(0.25, start + 0.18);
    volume.gain.linearRampToValueAtTime(0, start + 0.22);
    tone.start(start);
    tone.stop(start + 0.22);
  });
}

if (control) control.disabled = false;
control?.addEventListener("click", () => {
  if (calls()) {
    localStorage.setItem(SILENCED, now.newest);
  } else {
    localStorage.setItem("alarm", isOn() ? "off" : "on");
    localStorage.removeItem(SILENCED);
    if (calls()) sound();
    else if (isOn()) beep([660]); // so that it is heard how loud it is
  }
  show();
});
addEventListener("storage", show); // another tab turned it on or off
for (const event of ["pointerup", "keyup"]) {
  addEventListener(event, () => setTimeout(() => { show(); sound(); }), { once: true });
}

document.addEventListener("journal", ask);
document.addEventListener("renewed", () => {
  show(); // the title was renewed, too
  if (Date.now() - asked > AGAIN) ask();
});
setInterval(sound, REPEAT);
ask();
