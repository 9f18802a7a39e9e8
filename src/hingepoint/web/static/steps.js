/* One key a step on an agreement, in its dialog and on its page: the form says which. Without a script
   the same steps are chosen with the arrow keys. */
(() => {
  "use strict";
  const typing = (el) => el && (/^(TEXTAREA|SELECT)$/.test(el.tagName) || (el.tagName === "INPUT" && !/^(radio|checkbox)$/.test(el.type)));

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || typing(event.target)) return;
    const form = document.querySelector("dialog[open] .step-form") || event.target.closest(".step-form");
    const step = form && form.dataset.keys.split(" ").find((pair) => pair.startsWith(`${event.key.toLowerCase()}:`));
    if (!step) return;
    const choice = form.querySelector(`input[name=state][value=${step.split(":")[1]}]`);
    event.preventDefault();
    event.stopPropagation();
    choice.checked = true;
    choice.focus();
  }, true);
})();
