// How the other files find what the page holds.

/** @template {Element} Kind @param {string} selector @param {new () => Kind} kind @param {ParentNode} within @returns {Kind[]} */
export const all = (selector, kind, within = document) =>
  [...within.querySelectorAll(selector)].flatMap((found) => (found instanceof kind ? [found] : []));

/** @template {Element} Kind @param {ParentNode} within @param {string} selector @param {new () => Kind} kind @returns {Kind | undefined} */
export const one = (within, selector, kind) => all(selector, kind, within)[0];

/** @param {EventTarget | null} target @returns {string | undefined} the value of the button that an event is of */
export const pressed = (target) =>
  target instanceof Element ? target.closest("button")?.value : undefined;
