// Comfort only: every page does its job without this file.
"use strict";

document.documentElement.classList.add("js");

function prepare(root) {
  for (const button of root.querySelectorAll("[data-copy][hidden]")) {
    button.hidden = !navigator.clipboard;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    const source = document.getElementById(button.dataset.copy);
    if (!source) return;
    await navigator.clipboard.writeText(source.textContent.trim());
    const label = button.textContent;
    if (label !== button.dataset.copied) {
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = label; }, 2000);
    }
    document.getElementById("live").textContent = button.dataset.copied;
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A second click on a submit button must not start the work twice while the first answer is on its way.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.getAttribute("method") !== "post") return;
  if (event.target.getAttribute("aria-busy") === "true") event.preventDefault();
  else event.target.setAttribute("aria-busy", "true");
});
// The page may come back out of the browser's cache with its forms still marked.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
});

document.addEventListener("htmx:beforeRequest", (event) => event.detail.target?.setAttribute("aria-busy", "true"));
document.addEventListener("htmx:afterRequest", (event) => {
  event.detail.target?.removeAttribute("aria-busy");
  event.detail.elt?.removeAttribute("aria-busy");
});
document.addEventListener("htmx:afterSwap", (event) => {
  prepare(document);
  event.detail.target?.querySelector?.("#error-summary")?.focus();
});

prepare(document);
