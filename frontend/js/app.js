// What every page loads. Larger parts come by dynamic import(), so that a page without them never fetches them.
import htmx from "htmx.org/dist/htmx.esm.js";

window.htmx = htmx;
