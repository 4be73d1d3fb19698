// Charts of a few lines of SVG. Colours come from the style sheet; a chart has a text for those who cannot see it.
import { make, percent, svg } from "./dom.js";

const path = (points) => points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

/** The colour of a depth, from the first to the last. */
export const depthColour = (index, count) => `var(--depth-${count < 2 ? 5 : Math.round((5 * index) / (count - 1))})`;

/** A small curve without axes: redrawn into the same element. */
export function sparkline(element, values, label) {
  const finite = values.filter(Number.isFinite);
  element.setAttribute("aria-label", label);
  if (finite.length < 2) {
    element.replaceChildren();
    return;
  }

  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const points = finite.map((value, i) => [(i * 118) / (finite.length - 1) + 1, 25 - (22 * (value - low)) / (high - low || 1)]);
  const line = element.firstChild ?? element.appendChild(svg("path", { class: "spark" }));
  line.setAttribute("d", path(points));
}

/** At most so many values, each the mean of its neighbours. */
export function thin(values, most) {
  if (values.length <= most) {
    return values;
  }

  const size = values.length / most;
  return Array.from({ length: most }, (_, i) => {
    const part = values.slice(Math.floor(i * size), Math.max(Math.floor((i + 1) * size), Math.floor(i * size) + 1));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

function axes(chart, { left, top, width, height, yTicks, yText, xTicks, xText, xName }) {
  for (const [at, text] of yTicks.map((tick) => [tick, yText(tick)])) {
    const y = top + height * (1 - at);
    chart.append(svg("line", { class: "grid", x1: left, x2: left + width, y1: y, y2: y }), svg("text", { class: "tick", x: left - 6, y: y + 4, "text-anchor": "end" }, text));
  }

  for (const [at, text] of xTicks.map((tick) => [tick, xText(tick)])) {
    chart.append(svg("text", { class: "tick", x: left + width * at, y: top + height + 16, "text-anchor": "middle" }, text));
  }

  chart.append(svg("text", { class: "tick", x: left + width, y: top + height + 32, "text-anchor": "end" }, xName));
}

/** Lines over x, one for each depth. */
export function lines(container, { xs, series, names, label, xName }) {
  const [left, top, width, height] = [44, 10, 440, 190];
  const chart = svg("svg", { viewBox: "0 0 500 240", role: "img", "aria-label": label });
  if (xs.length === 0) {
    container.replaceChildren(make("p", { class: "quiet" }, "No test yet."));
    return;
  }

  const [first, last] = [xs[0], xs.at(-1)];
  const step = Math.max(1, Math.ceil((last - first) / 5));
  const ticks = Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
  const place = (x) => (last > first ? (x - first) / (last - first) : 0.5);
  axes(chart, {
    left, top, width, height, xName, yTicks: [0, 0.25, 0.5, 0.75, 1], yText: (tick) => percent(tick, 0), xTicks: ticks.map(place), xText: (at) => String(Math.round(first + at * (last - first))),
  });
  series.forEach((values, i) => {
    const points = values.map((value, j) => [left + width * place(xs[j]), top + height * (1 - value)]);
    const stroke = svg("path", { class: "line", d: path(points) }, svg("title", {}, names[i]));
    stroke.style.stroke = depthColour(i, series.length);
    chart.append(stroke);
    const end = svg("circle", { class: "dot", cx: points.at(-1)[0], cy: points.at(-1)[1], r: i === series.length - 1 ? 4 : 2.5 });
    end.style.fill = depthColour(i, series.length);
    chart.append(end);
  });
  container.replaceChildren(chart, legend(names));
}

function legend(names) {
  const list = make("ul", { class: "legend" });
  const shown = names.length <= 6 ? names.map((_, i) => i) : [0, Math.floor((names.length - 1) / 2), names.length - 1];
  for (const i of shown) {
    const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = depthColour(i, names.length);
    list.append(make("li", {}, swatch, names[i]));
  }

  return list;
}

/** Bars that lie, one a row, with a mark for the largest value. */
export function spans(container, { rows, label, unit }) {
  if (rows.length === 0) {
    container.replaceChildren(make("p", { class: "quiet" }, "Nothing is counted yet."));
    return;
  }

  const most = Math.max(1, ...rows.map((row) => row.max));
  const chart = svg("svg", { viewBox: `0 0 500 ${rows.length * 24 + 8}`, role: "img", "aria-label": label });
  rows.forEach((row, i) => {
    const y = i * 24 + 6;
    const scale = (value) => 70 + (380 * value) / most;
    chart.append(
      svg("text", { class: "tick", x: 62, y: y + 12, "text-anchor": "end" }, row.name),
      svg("rect", { class: "track", x: 70, y: y + 2, width: 380, height: 12, rx: 3 }),
      svg("rect", { class: "mean", x: 70, y: y + 2, width: Math.max(scale(row.mean) - 70, 0), height: 12, rx: 3 }),
      svg("line", { class: "max", x1: scale(row.max), x2: scale(row.max), y1: y, y2: y + 16 }, svg("title", {}, `${row.name}: at most ${row.max}`)),
      svg("text", { class: "tick", x: 458, y: y + 12 }, row.mean.toFixed(1)));
  });
  container.replaceChildren(chart, make("p", { class: "quiet" }, `${unit}: the bar and the number are the mean, the mark is the most`));
}

/** Probability of each class (rows) after each depth (columns); the chosen depth is framed. */
export function emergence(container, { columns, classes, chosen, label, onChoose }) {
  const [left, top, cell] = [46, 4, Math.min(72, 450 / Math.max(columns.length, 1))];
  const row = Math.min(18, 200 / classes.length);
  const height = row * classes.length;
  const chart = svg("svg", { viewBox: `0 0 500 ${(top + height + 24).toFixed(0)}`, role: "img", "aria-label": label });
  columns.forEach((column, x) => {
    const group = svg("g", { class: "column", onclick: () => onChoose(x) });
    column.forEach((value, y) => {
      const rect = svg("rect", { class: "heat", x: left + x * cell, y: top + y * row, width: Math.max(cell - 1.5, 1), height: Math.max(row - 1.5, 1), rx: 2 });
      rect.style.fillOpacity = Math.sqrt(value).toFixed(3);
      group.append(rect);
    });
    chart.append(group);
    if (columns.length <= 12 || x === 0 || x === columns.length - 1) {
      chart.append(svg("text", { class: "tick", x: left + (x + 0.5) * cell, y: top + height + 16, "text-anchor": "middle" }, String(x + 1)));
    }
  });
  if (classes.length <= 20) {
    classes.forEach((name, y) => chart.append(svg("text", { class: "tick", x: left - 6, y: top + (y + 0.5) * row + 4, "text-anchor": "end" }, name.length > 6 ? `${name.slice(0, 5)}.` : name)));
  }

  chart.append(svg("rect", { class: "frame", x: left + chosen * cell - 1.5, y: top - 1.5, width: cell + 1.5, height: height + 1.5, rx: 3 }));
  container.replaceChildren(chart);
}
