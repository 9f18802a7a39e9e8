/* What a script adds to the matrix and the deal page: agreements open in a dialog, arrow keys move
   between cells. Without it the same links open the same agreement as a page. */
(() => {
  "use strict";
  const dialog = document.getElementById("agreement-dialog");
  if (!dialog) return;
  const opens = "table.matrix td a, a[data-agreement]";

  document.addEventListener("click", async (event) => {
    const link = event.target.closest(opens);
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    await htmx.ajax("GET", link.href, { target: dialog, swap: "innerHTML" });
    if (!dialog.childElementCount) return location.assign(link.href);
    dialog.showModal();
    dialog.addEventListener("close", () => { dialog.replaceChildren(); link.focus(); }, { once: true });
  });

  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  document.addEventListener("keydown", (event) => {
    const cell = steps[event.key] && event.target.closest("table.matrix :is(td, th)");
    if (!cell || event.altKey || event.ctrlKey || event.metaKey) return;
    const [down, across] = steps[event.key];
    let row = cell.parentElement;
    if (down) row = down > 0 ? row.nextElementSibling : row.previousElementSibling;
    const next = row && row.children[cell.cellIndex + across];
    const link = next && next.querySelector("a");
    if (link) { event.preventDefault(); link.focus(); }
  });
})();
