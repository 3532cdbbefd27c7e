// Tells the server the viewer's time zone, so that it writes times in it.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const known = document.cookie.split("; ").includes(`zone=${zone}`);

if (zone && !known) {
  document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  if (document.body.dataset.live === "no") import("./renew.js").then(({ renew }) => renew());
}
