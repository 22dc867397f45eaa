import { all, one, pressed } from "./find.js";
import { clockAt, newTicks } from "./ticks.js";

/**
 * Places all that lies on the axis of time anew for a part of it, `from` to `to` in hundredths of the whole, and draws ticks for that part.
 * @param {HTMLElement} figure
 */
export const makeZoomable = (figure) => {
  const svg = one(figure, "svg.timeline", SVGSVGElement);
  const buttons = one(figure, ".zoom", HTMLElement);
  const readout = one(figure, ".readout", HTMLElement);
  const ticks = svg && one(svg, ".ticks", SVGGElement);
  if (!svg || !buttons || !readout || !ticks) return;
  const start = Number(svg.dataset["from"]);
  const end = Number(svg.dataset["to"]);
  const placed = all(".at", SVGElement, svg)
    .filter((shape) => !ticks.contains(shape))
    .map((shape) => ({
      shape,
      at: ["x", "x1", "x2"]
        .filter((name) => shape.getAttribute(name)?.endsWith("%") === true)
        .map((name) => ({ name, value: Number.parseFloat(shape.getAttribute(name) ?? "0") })),
      width: shape.hasAttribute("width")
        ? Number.parseFloat(shape.getAttribute("width") ?? "0")
        : undefined,
    }));
  const wholeTicks = [...ticks.childNodes];
  let from = 0;
  let to = 100;

  /** @param {number} share of the drawing's width @returns {number} microseconds */
  const timeAt = (share) => start + ((from + share * (to - from)) / 100) * (end - start);

  /** @param {number} newFrom @param {number} newTo */
  const show = (newFrom, newTo) => {
    // A millisecond over the whole width is as near as it gets.
    const least = Math.min(100, (100 * 1000) / (end - start));
    const width = Math.min(100, Math.max(least, newTo - newFrom));
    from = Math.min(100 - width, Math.max(0, (newFrom + newTo - width) / 2));
    to = from + width;
    for (const { shape, at, width: whole } of placed) {
      for (const { name, value } of at)
        shape.setAttribute(name, `${((value - from) / width) * 100}%`);
      if (whole !== undefined) shape.setAttribute("width", `${(whole / width) * 100}%`);
    }
    ticks.replaceChildren(...(width === 100 ? wholeTicks : newTicks(timeAt(0), timeAt(1), svg)));
    svg.classList.toggle("zoomed", width < 100);
  };

  /** @param {number} factor @param {number} share where the moment stays that is there */
  const zoom = (factor, share = 0.5) => {
    const middle = from + share * (to - from);
    const width = (to - from) * factor;
    show(middle - share * width, middle + (1 - share) * width);
  };
  /** @param {number} share of the drawing's width */
  const move = (share) => {
    const by = Math.max(-from, Math.min(100 - to, share * (to - from)));
    show(from + by, to + by);
  };
  /** @type {Record<string, () => void>} */
  const actions = {
    in: () => zoom(0.5),
    out: () => zoom(2),
    left: () => move(-0.5),
    right: () => move(0.5),
    all: () => show(0, 100),
  };

  buttons.hidden = false;
  readout.hidden = false;
  buttons.addEventListener("click", ({ target }) => actions[pressed(target) ?? ""]?.());
  /** @param {MouseEvent} event */
  const shareOf = ({ clientX }) => {
    const box = svg.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - box.left) / box.width));
  };
  // A wheel alone scrolls the page.
  svg.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 0.7 : 1 / 0.7, shareOf(event));
    },
    { passive: false },
  );
  svg.addEventListener("dblclick", (event) => zoom(0.4, shareOf(event)));
  /** @type {number | undefined} */
  let held;
  let wasMoved = false;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType === "mouse") held = event.clientX;
    wasMoved = false;
  });
  // Who has dragged did not mean to follow the link of a phase.
  svg.addEventListener("click", (event) => {
    if (wasMoved) event.preventDefault();
  });
  addEventListener("pointerup", () => {
    held = undefined;
  });
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("pointermove", (event) => {
    if (held !== undefined && to - from < 100) {
      move((held - event.clientX) / svg.getBoundingClientRect().width);
      held = event.clientX;
      wasMoved = true;
    }
    const title = event.target instanceof Element ? titleOf(event.target, svg) : undefined;
    const clock = clockAt(timeAt(shareOf(event)), svg);
    readout.textContent = title === undefined ? clock : `${clock} | ${title}`;
  });
};

/** @param {Element} shape @param {Element} root @returns {string | undefined} the title of the shape, or of what it is part of */
const titleOf = (shape, root) => {
  for (let part = shape; part !== root; part = part.parentElement ?? root) {
    const title = [...part.children].find(({ tagName }) => tagName === "title");
    if (title) return title.textContent ?? undefined;
  }
  return undefined;
};
