/* What a script adds to pages that work without one. Nothing here is needed to read or to save. */
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("scripted");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const isTyping = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName));

  /* Theme: the form posts; with a script the page changes at once and the post follows quietly. */
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-theme-form]");
    if (!form) return;
    event.preventDefault();
    const theme = event.submitter.value;
    if (theme === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    document.querySelector("meta[name=color-scheme]").content = theme === "auto" ? "light dark" : theme;
    for (const button of form.querySelectorAll("button")) button.toggleAttribute("aria-current", button === event.submitter);
    form.closest("summary, details").querySelector("summary use").replaceWith(event.submitter.querySelector("use").cloneNode());
    form.closest("details").open = false;
    const body = new FormData(form, event.submitter);
    fetch(form.action, { method: "POST", body, credentials: "same-origin", redirect: "manual" });
  });

  /* Who signs out leaves nothing of what was typed. */
  const forget = () => Object.keys(sessionStorage).filter((name) => name.startsWith("hingepoint-")).forEach((name) => sessionStorage.removeItem(name));
  document.addEventListener("submit", (event) => { if (event.target.matches("[data-forgets]")) forget(); });

  /* A form marked data-once is sent once; the button says so. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once], form[method=post]:not([data-theme-form], [data-many])") || event.defaultPrevented) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
  const unlock = (form) => {
    delete form.dataset.sent;
    for (const button of all("[aria-busy]", form)) button.removeAttribute("aria-busy");
  };
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach(unlock));
  document.addEventListener("htmx:afterRequest", (event) => all("form[data-sent]").forEach(unlock));

  /* A refused or late save comes back as the same form; every other error says where it shows itself. What
     says neither is not ours (a proxy's page, no answer at all): the form stays, and a notice says so. */
  const noAnswer = () => {
    const toast = document.createElement("div");
    toast.className = "toast tone-bad";
    toast.dataset.toast = toast.dataset.stay = "";
    toast.textContent = "No answer from the server. What you typed is still here: try again in a moment.";
    (document.querySelector("dialog[open] .notice") || document.getElementById("toasts")).replaceChildren(toast);
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { status } = event.detail.xhr;
    if (status < 400 || [409, 422, 429].includes(status) || event.detail.xhr.getResponseHeader("HX-Retarget")) return;
    event.detail.shouldSwap = false;
    noAnswer();
  });
  document.addEventListener("htmx:sendError", noAnswer);

  /* Menus close when you leave them. */
  const closeMenus = (except) => all("details[data-menu][open]").forEach((menu) => { if (menu !== except) menu.open = false; });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
  document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details[data-menu]")));

  /* Dialogs. */
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog) { event.preventDefault(); closeMenus(); dialog.showModal(); return; }
    if (event.target.matches("dialog[open]")) event.target.close();
    if (event.target.closest("[data-print]")) window.print();
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest("[data-toast]").remove();
    const row = event.target.closest("[data-select-all]");
    if (row) all(`input[name="${row.dataset.selectAll}"]`).forEach((box) => { box.checked = row.checked; });
  });

  /* Toasts leave by themselves, except warnings, and except while looked at. */
  const retire = (toast) => {
    if (toast.dataset.stay !== undefined) return;
    let timer;
    const start = () => { timer = setTimeout(() => { toast.classList.add("leaving"); setTimeout(() => toast.remove(), 220); }, 6000); };
    toast.addEventListener("mouseenter", () => clearTimeout(timer));
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusin", () => clearTimeout(timer));
    start();
  };
  all("#toasts [data-toast]").forEach(retire);
  document.addEventListener("htmx:afterSettle", () => all("#toasts [data-toast]:not([data-seen])").forEach((toast) => { toast.dataset.seen = ""; retire(toast); }));

  /* Filters apply as soon as a choice is made. */
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-filters]");
    if (form && event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) form.requestSubmit();
  });

  /* Dropping a file. */
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      const zone = event.target.closest && event.target.closest("[data-drop]");
      if (!zone) return;
      event.preventDefault();
      zone.classList.toggle("over", type === "dragover");
      const input = zone.querySelector("input[type=file]");
      if (type === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  }

  /* Search: what is found stands beneath the field, and arrows walk through it; Escape goes back, then closes. */
  const field = document.getElementById("top-search");
  const beneath = document.getElementById("search-found");
  const toSearch = () => { if (field) { field.focus(); field.select(); } };
  const walk = (target, step) => {
    const list = target === field ? (beneath.childElementCount ? beneath : document.querySelector("main [data-found]")) : target.closest("[data-found]");
    const links = list ? all("a", list) : [];
    const next = target === field ? (step > 0 ? 0 : -1) : links.indexOf(target) + step;
    if (links[next]) links[next].focus();
    else if (next < 0) toSearch();
  };
  if (field) {
    field.addEventListener("input", () => { if (!field.value.trim()) beneath.replaceChildren(); });
    document.addEventListener("keydown", (event) => {
      if (event.target !== field && !event.target.closest("[data-found]")) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); walk(event.target, event.key === "ArrowDown" ? 1 : -1); }
      if (event.key !== "Escape" || !beneath.childElementCount) return;
      event.preventDefault();
      if (event.target === field) beneath.replaceChildren(); else field.focus();
    });
  }

  /* Words are copied where the browser lets a page do so; else they can be marked as ever. */
  if (navigator.clipboard) {
    for (const button of all("[data-copies]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).innerText);
        for (const words of button.children) words.hidden = words !== button.lastElementChild;
      });
    }
  }

  /* Keys: / ? j k x g-h. Never while typing, never with a modifier. */
  let pending = "";
  const rows = () => all("[data-rows] .row-link");
  const move = (step) => {
    const links = rows();
    if (!links.length) return;
    const now = links.indexOf(document.activeElement);
    const next = links[now < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(now + step, 0), links.length - 1)];
    next.focus();
    next.closest("tr").scrollIntoView({ block: "nearest" });
  };
  const select = () => {
    const row = document.activeElement && document.activeElement.closest("tr");
    const box = row && row.querySelector(".pick input");
    if (box) { box.checked = !box.checked; box.dispatchEvent(new Event("change", { bubbles: true })); }
  };
  const keys = {
    "/": toSearch, "j": () => move(1), "k": () => move(-1), "x": select,
    "?": () => document.getElementById("keys").showModal(),
    "g": () => { pending = "g"; setTimeout(() => { pending = ""; }, 1200); },
    "h": () => { if (pending === "g") location.assign(document.querySelector(".brand").href); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { const menu = document.querySelector("details[data-menu][open]"); if (menu) { menu.open = false; menu.querySelector("summary").focus(); } return; }
    if ((event.ctrlKey || event.metaKey) && event.key === "k" && field) { event.preventDefault(); toSearch(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const act = keys[event.key];
    if (!act) return;
    if (event.key === "/" || event.key === "?") event.preventDefault();
    act();
  });
})();
