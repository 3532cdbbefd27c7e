// The page of one point: a drag over the chart is a range of the address; a picture of it.

import { picture } from "../chart/picture.js";
import { renew } from "../renew.js";

document.addEventListener("zoomed", async ({ detail }) => {
  const address = new URL(location.href);
  address.searchParams.delete("range");
  address.searchParams.set("from", detail.from);
  address.searchParams.set("to", detail.to);
  if (address.href === location.href) return; // told twice, or what is shown anyhow
  history.pushState(null, "", address);
  await renew();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("#png");
  if (!button) return;
  const blob = await picture(document.querySelector("figure[data-series]"), button.dataset.name);
  if (!blob) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = button.dataset.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
});
