/* A live review: the clock ticks between two answers of the server, keys stand for buttons, and words that are not kept yet
   outlive a change of the part. Without a script everything works by its forms. */
(() => {
  "use strict";
  const isTyping = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName));
  const words = (seconds) => `${seconds < 0 ? "-" : ""}${Math.floor(Math.abs(seconds) / 60)}:${String(Math.abs(seconds) % 60).padStart(2, "0")}`;
  const SAID = { 300: "Five minutes left.", 60: "One minute left.", 0: "The time of this part is over." };

  const tick = () => {
    const clock = document.querySelector(".review-clock");
    if (!clock || clock.dataset.runs !== "yes") return;
    if (!clock.dataset.end) clock.dataset.end = Date.now() + Number(clock.dataset.left) * 1000;
    const left = Math.round((Number(clock.dataset.end) - Date.now()) / 1000);
    clock.textContent = words(left);
    clock.classList.toggle("over", left < 0);
    const announce = document.querySelector("[data-announce]");
    if (announce && SAID[left] && announce.textContent !== SAID[left]) announce.textContent = SAID[left];
  };
  setInterval(tick, 1000);

  /* What is typed is remembered here until it is kept. */
  const kept = (form) => `hingepoint-${form.dataset.keep}`;
  const fields = (form) => [...form.querySelectorAll("textarea, input[type=text]")];
  const restore = () => {
    for (const form of document.querySelectorAll("form[data-keep]")) {
      const known = JSON.parse(sessionStorage.getItem(kept(form)) || "{}");
      for (const field of fields(form)) if (!field.value && known[field.name]) field.value = known[field.name];
    }
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-keep]");
    if (form) sessionStorage.setItem(kept(form), JSON.stringify(Object.fromEntries(fields(form).map((one) => [one.name, one.value]))));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const form = event.detail.requestConfig && event.detail.requestConfig.elt.closest("form[data-keep]");
    if (form && event.detail.xhr.status < 300) sessionStorage.removeItem(kept(form));
  });
  restore();

  /* Whoever types nothing goes where the review goes. */
  document.addEventListener("htmx:afterSettle", () => {
    const clock = document.getElementById("review-clock"), review = document.querySelector("[data-review]");
    if (!clock || !review || !review.dataset.followed || clock.dataset.place === review.dataset.followed) return;
    const busy = [...document.querySelectorAll("form[data-keep]")].some((form) => fields(form).some((one) => one.value));
    if (!busy && !isTyping(document.activeElement)) location.assign(location.pathname);
  });
  const review = document.querySelector("[data-review]"), clock = document.getElementById("review-clock");
  if (review && clock && review.dataset.shown === clock.dataset.place) review.dataset.followed = clock.dataset.place;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    const button = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
    const field = { d: "#f-decision", c: "#f-commitment" }[event.key];
    const target = button || (field && document.querySelector(field));
    if (!target) return;
    event.preventDefault();
    if (button) button.click(); else target.focus();
  });
})();
