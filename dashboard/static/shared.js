// One stream for all tabs of a person: one tab leads and reads it, the others are told. A
// browser opens at most six connections to a server, and each stream takes one for good.
//
// The leader holds a lock; when its tab closes, the next one gets it. A leader that was put to
// sleep with its tab still holds it: a tab in sight that is told nothing takes it away.

const EVENTS = "/api/v1/events";
const KINDS = ["pulse", "journal", "renew"];
const ALIVE = 1000; // milliseconds between signs of life of the leader
const ASLEEP = 3500; // without one, it is asleep

/**
 * Follow the stream of `person`. `take(kind, data, position)` is called for every event;
 * `position()` is where to begin; `refused()` says that the server ended the stream.
 */
export function follow({ person, take, position, refused }) {
  const name = `blackbox-stream-${person}`;
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : null;
  const locks = navigator.locks; // only where the page came safely
  let heard = Date.now();

  function tell(kind, data, at) {
    channel?.postMessage({ kind, data, at });
    take(kind, data, at);
  }

  function lead(done) {
    let source = null;
    const open = () => {
      const after = position();
      source = new EventSource(after ? `${EVENTS}?after=${after}` : EVENTS);
      for (const kind of KINDS) {
        source.addEventListener(kind, (event) =>
          tell(kind, JSON.parse(event.data), event.lastEventId));
      }
      source.addEventListener("error", () => {
        // The browser reconnects by itself, unless it was refused: perhaps the session is over.
        if (source.readyState !== EventSource.CLOSED) return;
        refused();
        setTimeout(() => done.aborted || open(), 2000);
      });
    };
    open();
    const alive = setInterval(() => channel?.postMessage({ kind: "alive" }), ALIVE);
    done.addEventListener("abort", () => {
      clearInterval(alive);
      source.close();
    });
  }

  if (!channel || !locks) return lead(new AbortController().signal);

  let leading = null;
  function stand(options = {}) {
    heard = Date.now();
    const mine = new AbortController();
    locks
      .request(name, options, () => {
        leading = mine;
        lead(mine.signal);
        return new Promise(() => {}); // held until the tab closes, or another takes it away
      })
      .catch(() => {
        mine.abort();
        if (leading === mine) leading = null;
        stand();
      });
  }

  let told = false;
  channel.addEventListener("message", ({ data: { kind, data, at } }) => {
    heard = Date.now();
    if (kind === "alive" || leading) return;
    if (!told) take("renew", {}, at); // what the leader told before this tab listened
    told = true;
    take(kind, data, at);
  });
  setInterval(() => {
    if (leading || document.hidden || Math.abs(Date.now() - heard) < ASLEEP) return;
    stand({ steal: true });
  }, 500);
  stand();
}
