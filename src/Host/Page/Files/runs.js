// The view of the runs in a folder: list, comparison, report.
import { get, sendJson } from "./api.js";
import { lines } from "./charts.js";
import { byId, make, percent, setText, whole } from "./dom.js";

const figures = [
  ["State", (run) => run.state],
  ["Method", (run) => run.method],
  ["Data", (run) => run.data],
  ["Network", (run) => run.network],
  ["Blocks", (run) => run.blocks],
  ["Policy", (run) => run.policy],
  ["Slots", (run) => run.slots],
  ["Seed", (run) => run.seed],
  ["Epochs", (run) => run.epochs],
  ["Test accuracy", (run) => percent(run.testAccuracy, 2)],
  ["Block steps", (run) => whole(run.blockSteps)],
  ["Steps a second", (run) => run.stepsPerSecond?.toFixed(1)],
  ["Balanced progress", (run) => run.balancedProgress?.toFixed(2)],
  ["Wall time, s", (run) => run.wallSeconds?.toFixed(1)],
];

const chosen = new Set();
let runs = [];

/** Asks for the list and draws it. */
export async function openRuns() {
  try {
    const answer = await get("/v1/runs");
    runs = answer.runs;
    setText(byId("runs-note"), answer.folder === null ? "The runs of a cluster are in the folder of its trainer: serve one of them there." : `${runs.length} ${runs.length === 1 ? "run" : "runs"} in ${answer.folder}`);
  } catch (error) {
    runs = [];
    setText(byId("runs-note"), error.message);
  }

  byId("runs").replaceChildren(...runs.map(row));
  compare();
}

function row(run) {
  const box = make("input", { type: "checkbox", "aria-label": `Compare ${run.name}` });
  box.checked = chosen.has(run.name);
  box.addEventListener("change", () => {
    chosen[box.checked ? "add" : "delete"](run.name);
    compare();
  });
  const report = make("td", {});
  report.append(make("button", { type: "button", "aria-label": `Make the report of ${run.name}`, onclick: () => makeReport(run, report) }, "Make report"));
  const state = make("span", { class: "state", "data-state": run.state === "in training" ? "training" : run.state }, run.state);
  return make(
    "tr", { class: run.served ? "served" : null }, make("td", {}, box), make("th", { scope: "row" }, run.name, run.served ? make("small", { class: "quiet" }, " (this one)") : null), make("td", {}, state),
    make("td", {}, `${run.method ?? "-"} on ${run.data ?? "-"}`), make("td", {}, run.policy ?? "-"), make("td", { class: "number" }, percent(run.testAccuracy)), make("td", { class: "number" }, whole(run.blockSteps)), report);
}

async function makeReport(run, cell) {
  const note = make("span", { role: "status" }, "drawing ...");
  cell.replaceChildren(note);
  try {
    const { href } = await sendJson(`/v1/runs/${encodeURIComponent(run.name)}/report`, {});
    const link = make("a", { href, target: "_blank", rel: "noopener" }, "Open report");
    cell.replaceChildren(link);
    link.focus();
  } catch (error) {
    setText(note, error.message);
  }
}

function compare() {
  const picked = runs.filter((run) => chosen.has(run.name));
  byId("compare-card").hidden = picked.length === 0;
  byId("compare-head").replaceChildren(make("tr", {}, make("th", { scope: "col" }, "Figure"), ...picked.map((run) => make("th", { scope: "col" }, run.name))));
  byId("compare-rows").replaceChildren(...figures.map(([name, read]) => {
    const values = picked.map((run) => String(read(run) ?? "-"));
    const differs = new Set(values).size > 1;
    return make("tr", { class: differs ? "differs" : null }, make("th", { scope: "row" }, name), ...values.map((value) => make("td", {}, value)));
  }));
  const tested = picked.filter((run) => run.testAccuracyPerBlock?.length > 0);
  const depth = Math.max(0, ...tested.map((run) => run.testAccuracyPerBlock.length));
  lines(byId("compare-chart"), {
    xs: tested.length ? Array.from({ length: depth }, (_, i) => i + 1) : [], xName: "depth",
    series: tested.map((run) => run.testAccuracyPerBlock), names: tested.map((run) => run.name), label: `Test accuracy by depth of ${tested.map((run) => run.name).join(", ")}`,
  });
}

byId("refresh-runs").addEventListener("click", openRuns);
