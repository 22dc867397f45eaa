/** @param {number} time in microseconds @param {SVGElement} svg @returns {string} day and time on the host's clock */
export const clockAt = (time, svg) => {
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
};

/** @param {number} from @param {number} to @param {SVGElement} svg @returns {SVGElement[]} at most six lines with their time */
export const newTicks = (from, to, svg) => {
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
};

/** @param {string} name @param {Record<string, string>} attributes @param {string} text @returns {SVGElement} */
const drawn = (name, attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};
