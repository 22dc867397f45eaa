// What a page can do where scripts run: zoom its timelines, filter its findings, copy what somebody will take with them. Without it
// all is there. It writes no markup and loads nothing.
"use strict";

/** @template {Element} Kind @param {string} selector @param {new () => Kind} kind @param {ParentNode} within @returns {Kind[]} */
const all = (selector, kind, within = document) =>
  [...within.querySelectorAll(selector)].flatMap((found) => (found instanceof kind ? [found] : []));

/** @template {Element} Kind @param {ParentNode} within @param {string} selector @param {new () => Kind} kind @returns {Kind | undefined} */
const one = (within, selector, kind) => all(selector, kind, within)[0];

/** @param {EventTarget | null} target @returns {string | undefined} the value of the button that an event is of */
const pressed = (target) =>
  target instanceof Element ? target.closest("button")?.value : undefined;

for (const figure of all("figure.zoomable", HTMLElement)) makeZoomable(figure);
for (const list of all(".filterable", HTMLElement)) makeFilterable(list);
for (const place of all(".copyable", HTMLElement)) makeCopyable(place);

// A link into something folded opens it, and paper has nothing to fold.
addEventListener("hashchange", openTarget);
openTarget();
addEventListener("beforeprint", () => {
  for (const folded of all("details:not([open])", HTMLDetailsElement)) {
    folded.open = true;
    folded.dataset["printed"] = "";
  }
});
addEventListener("afterprint", () => {
  for (const unfolded of all("details[data-printed]", HTMLDetailsElement)) {
    unfolded.open = false;
    delete unfolded.dataset["printed"];
  }
});

function openTarget() {
  const target = location.hash === "" ? null : document.getElementById(location.hash.slice(1));
  for (
    let place = target?.closest("details");
    place;
    place = place.parentElement?.closest("details")
  )
    place.open = true;
  target?.scrollIntoView();
}

/**
 * Places all that lies on the axis of time anew for a part of it, `from` to `to` in hundredths of the whole, and draws ticks for that part.
 * @param {HTMLElement} figure
 */
function makeZoomable(figure) {
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
}

/** @param {Element} shape @param {Element} root @returns {string | undefined} the title of the shape, or of what it is part of */
function titleOf(shape, root) {
  for (let part = shape; part !== root; part = part.parentElement ?? root) {
    const title = [...part.children].find(({ tagName }) => tagName === "title");
    if (title) return title.textContent ?? undefined;
  }
  return undefined;
}

/** @param {number} time in microseconds @param {SVGElement} svg @returns {string} day and time on the host's clock */
function clockAt(time, svg) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: svg.dataset["zone"],
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  }).formatToParts(new Date(time / 1000));
  /** @param {string} type */
  const part = (type) => parts.find((each) => each.type === type)?.value ?? "";
  const day = `${part("year")}-${part("month")}-${part("day")}`;
  return `${day} ${part("hour")}:${part("minute")}:${part("second")}.${part("fractionalSecond")}`;
}

/** @param {number} from @param {number} to @param {SVGElement} svg @returns {SVGElement[]} at most six lines with their time */
function newTicks(from, to, svg) {
  const steps = [1, 2, 5]
    .flatMap((unit) => [1e3, 1e4, 1e5].map((scale) => unit * scale))
    .concat(
      [1, 2, 5, 10, 15, 30].map((unit) => unit * 1e6),
      [1, 2, 5, 10, 15, 30].map((unit) => unit * 6e7),
      [1, 2, 3, 6, 12, 24, 48, 168, 720].map((unit) => unit * 3.6e9),
    )
    .toSorted((a, b) => a - b);
  const step = steps.find((each) => (to - from) / each <= 6) ?? (to - from) / 6;
  const height = svg.getAttribute("height") ?? "0";
  /** @type {SVGElement[]} */
  const made = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
    const x = `${((time - from) / (to - from)) * 100}%`;
    const full = clockAt(time, svg);
    made.push(
      drawn("line", { x1: x, x2: x, y1: "28", y2: height }),
      drawn("text", { x, y: "24", "text-anchor": "middle" }, full.slice(11, step < 1e6 ? 23 : 19)),
    );
    if (made.length === 2) made.push(drawn("text", { x: "2", y: "11" }, full.slice(0, 10)));
  }
  return made;
}

/** @param {string} name @param {Record<string, string>} attributes @param {string} text @returns {SVGElement} */
function drawn(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/**
 * Shows the findings of the chosen severities, and folds them all open or shut.
 * @param {HTMLElement} list
 */
function makeFilterable(list) {
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
}

/**
 * Copies the text beside a button, or marks it where the browser does not let a page copy.
 * @param {HTMLElement} place
 */
function makeCopyable(place) {
  const button = one(place, "button", HTMLButtonElement);
  const text = one(place, "code", HTMLElement);
  if (!button || !text) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const isCopied = await copied(text);
    button.textContent = isCopied ? "Copied" : "Marked: press Ctrl+C";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2500);
  });
}

/** @param {HTMLElement} text @returns {Promise<boolean>} */
async function copied(text) {
  getSelection()?.selectAllChildren(text);
  try {
    await navigator.clipboard.writeText(text.textContent ?? "");
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
