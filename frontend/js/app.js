// What every page loads. Larger parts come by dynamic import(), so that a page without them never fetches them.
import htmx from "htmx.org/dist/htmx.esm.js";

import { all, one } from "./dom.js";
import "./shell.js";
import "./toasts.js";
import "./palette.js";
import "./tabs.js";
import "./list.js";
import "./combobox.js";
import "./form.js";
import "./lines.js";
import "./inputs.js";

window.htmx = htmx;

// Heavier code arrives only when its element is on the page, whether loaded, boosted or swapped in.
const islands = {
  "[data-sortable]": () => import("./sortable.js"),
  "fw-upload": () => import("./upload.js"),
};

function wake() {
  for (const [selector, load] of Object.entries(islands)) {
    if (one(selector)) load().then((part) => part.start(all(selector)));
  }
}

wake();
document.addEventListener("htmx:after:swap", wake);
