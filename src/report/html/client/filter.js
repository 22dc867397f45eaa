import { all, one, pressed } from "./find.js";

/**
 * Shows the findings of the chosen severities, and folds them all open or shut.
 * @param {HTMLElement} list
 */
export const makeFilterable = (list) => {
  const form = one(list, "form.filter", HTMLFormElement);
  const findings = all("details.finding", HTMLDetailsElement, list);
  if (!form) return;
  form.hidden = false;
  const boxes = all("input", HTMLInputElement, form);
  const told = one(form, "output", HTMLOutputElement);
  form.addEventListener("change", () => {
    const wanted = new Set(boxes.filter(({ checked }) => checked).map(({ value }) => value));
    for (const finding of findings) finding.hidden = !wanted.has(finding.dataset["severity"] ?? "");
    const shown = findings.filter(({ hidden }) => !hidden).length;
    if (told) told.textContent = `${shown} of ${findings.length} shown`;
  });
  form.addEventListener("click", ({ target }) => {
    const value = pressed(target);
    if (value !== undefined) for (const finding of findings) finding.open = value === "open";
  });
  form.addEventListener("submit", (event) => event.preventDefault());
};
