// Dragging rows by their handle; the keyboard and the buttons do the same without it.
import Sortable from "sortablejs/modular/sortable.core.esm.js";
import { dirty, redraw } from "./form.js";

export function start(lists) {
  for (const list of lists) {
    if (list.dataset.drags) continue;
    list.dataset.drags = "yes";
    Sortable.create(list, {
      handle: "[data-grip]",
      animation: 120,
      chosenClass: "dragged",
      onEnd: (event) => {
        if (event.oldIndex === event.newIndex) return;
        dirty();
        redraw(list.closest("[data-subform]").dataset.subform);
      },
    });
  }
}
