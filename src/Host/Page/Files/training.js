// The view of a run in training: its blocks, accuracy, staleness, policies and what happens to it.
import { get, sendJson } from "./api.js";
import { lines, sparkline, spans, thin } from "./charts.js";
import { byId, make, percent, setText, short, svg, whole } from "./dom.js";

// What can be chosen; the service says what else is wrong.
const choices = {
  blocks: ["bounded:4", "bounded:16", "lockstep", "async", "sampled:uniform", "sampled:progress", "sampled:snr", "algorithm1"],
  placement: ["leased", "pinned"],
  visit: ["auto", "1", "4", "16"],
  "embedding-lag": ["none", "reject:8", "wait:8"],
  "schedule-lag": ["none", "reject:8", "wait:8"],
  head: ["with-block", "free-running:10"],
  schedule: ["with-block", "frozen"],
  moments: ["shared", "per-block"],
};
const usual = ["blocks", "placement", "visit"];

let rows = [];
let shown = 0;
let known = { training: false, policies: [] };
let status = { workers: [], blocks: [] };
let asking = false;

/** Draws what the record says at this moment. */
export function drawTraining(record) {
  drawFigures(record);
  drawBlocks(record);
  drawEvents(record);
}

/** Draws what changes with each test only. */
export function drawCharts(record) {
  const tests = record.epochs.filter((epoch) => epoch.testAccuracyPerBlock?.length > 0);
  const depths = tests.at(-1)?.testAccuracyPerBlock.length ?? 0;
  const names = Array.from({ length: depths }, (_, i) => `after ${i + 1}`);
  const few = tests.length <= 240 ? tests : tests.filter((_, i) => i % Math.ceil(tests.length / 240) === 0 || i === tests.length - 1);
  lines(byId("accuracy"), {
    xs: few.map((test) => test.epoch), xName: "epoch", names,
    series: names.map((_, i) => few.map((test) => test.testAccuracyPerBlock[i] ?? 0)),
    label: depths ? `Test accuracy by epoch, after each of ${depths} blocks; now ${percent(tests.at(-1).testAccuracy)} after the last` : "No test yet",
  });
  byId("accuracy-head").replaceChildren(make("tr", {}, make("th", { scope: "col" }, "Epoch"), ...names.map((name) => make("th", { scope: "col", class: "number" }, name))));
  byId("accuracy-rows").replaceChildren(...tests.slice(-12).reverse().map((test) => make(
    "tr", {}, make("th", { scope: "row" }, test.epoch), ...test.testAccuracyPerBlock.map((value) => make("td", { class: "number" }, (100 * value).toFixed(1))))));

  const leads = record.leads();
  spans(byId("staleness"), { rows: leads, unit: "steps ahead of the last block", label: `Lead of each block: ${leads.map((row) => `${row.name} mean ${row.mean.toFixed(1)}, most ${row.max}`).join("; ")}` });
  const lag = leads.filter((row) => row.lag);
  setText(byId("staleness-text"), lag.length ? `Gradients for what blocks share came ${(lag.reduce((sum, row) => sum + row.lag.mean, 0) / lag.length).toFixed(1)} versions late in the mean, ${Math.max(...lag.map((row) => row.lag.max))} at most.` : "");
}

function drawFigures(record) {
  const total = record.blocks.reduce((sum, block) => sum + block.clock, 0);
  const goal = record.target ? record.target * record.blocks.length : null;
  const live = !record.outcome && record.newest > 0;
  setText(byId("run-state"), record.outcome ?? (record.newest ? (record.now() - record.newest < 30_000 ? "in training" : "silent") : "no record yet"));
  setText(byId("run-steps"), goal ? `${whole(total)} of ${whole(goal)}` : whole(total));
  setText(byId("run-rate"), live ? (record.throughput ? record.throughput.stepsPerSecond.toFixed(1) : "-") : "-");
  setText(byId("run-accuracy"), percent(record.epochs.at(-1)?.testAccuracy));
  const slots = status.slots ?? record.throughput;
  setText(byId("run-slots"), slots?.alive === undefined ? "-" : `${slots.contributing.toFixed(1)} of ${slots.alive.toFixed(1)} busy`);
}

function drawBlocks(record) {
  while (rows.length < record.blocks.length) {
    rows.push(addRow(record.name(rows.length)));
  }

  while (rows.length > record.blocks.length) {
    rows.pop().row.remove();
  }

  record.blocks.forEach((block, i) => {
    const cells = rows[i];
    const placed = status.blocks[i];
    const state = record.state(block);
    setText(cells.clock, whole(block.clock));
    cells.bar.style.transform = `scaleX(${record.target ? Math.min(block.clock / record.target, 1) : 0})`;
    setText(cells.lead, block.lead);
    if (cells.drawn !== block.losses.length || cells.last !== block.last) {
      [cells.drawn, cells.last] = [block.losses.length, block.last];
      sparkline(cells.curve, thin(block.losses, 80), `Squared error of block ${record.name(i)}, now ${short(block.losses.at(-1))}`);
      setText(cells.loss, short(block.losses.at(-1)));
    }

    setText(cells.rate, state === "training" ? record.rate(block).toFixed(1) : "-");
    const worker = placed?.worker ?? block.worker;
    setText(cells.node, worker ?? "-");
    const moved = block.moves > 0 ? (block.moves === 1 ? "moved once" : `moved ${block.moves} times`) : null;
    setText(cells.detail, [placed?.slots, moved].filter(Boolean).join(", "));
    setText(cells.state, state);
    cells.state.dataset.state = state;
    cells.state.title = placed?.why ?? "";
  });
}

function addRow(name) {
  const bar = make("span", { class: "fill" });
  const clock = make("span", { class: "figure" }, "0");
  const curve = svg("svg", { class: "sparkline", viewBox: "0 0 120 28", role: "img", "aria-label": "no loss yet" });
  const [lead, loss, rate, node, detail, state] = [make("td", { class: "number" }), make("td", { class: "number" }), make("td", { class: "number" }), make("span", {}), make("small", { class: "quiet" }), make("span", { class: "state" })];
  const row = make(
    "tr", {}, make("th", { scope: "row" }, name),
    make("td", {}, clock, make("span", { class: "track thin", "aria-hidden": "true" }, bar)), lead, make("td", {}, curve), loss, rate, make("td", {}, node, " ", detail), make("td", {}, state));
  byId("blocks").append(row);
  return { row, bar, clock, curve, lead, loss, rate, node, detail, state };
}

function drawEvents(record) {
  if (record.counted < shown) {
    shown = 0;
    byId("events").replaceChildren();
  }

  const added = record.events.filter((event) => event.number > shown).reverse();
  for (const event of added) {
    const time = new Date(event.at);
    byId("events").prepend(make(
      "li", { "data-kind": event.kind }, make("time", { datetime: time.toISOString() }, time.toLocaleTimeString("en-GB")), " ", make("span", { class: "kind" }, event.kind), " ", event.text));
  }

  shown = record.counted;
  while (byId("events").children.length > 200) {
    byId("events").lastElementChild.remove();
  }

  byId("no-events").hidden = record.counted > 0;
}

/** Asks who trains what, and which policies hold. */
export async function askStatus() {
  if (asking) {
    // A trainer that is being replaced takes its time.
    return;
  }

  asking = true;
  try {
    status = await get("/v1/status");
  } catch {
    status = { workers: [], blocks: [] };
  } finally {
    asking = false;
  }
}

export async function askPolicies() {
  try {
    known = await get("/v1/policies");
    drawPolicies();
  } catch (error) {
    setText(byId("policy-note"), error.message);
  }
}

function drawPolicies() {
  const fields = byId("policy-fields");
  if (!fields.firstChild) {
    const more = make("details", {}, make("summary", {}, "More policies"));
    for (const policy of known.policies) {
      (usual.includes(policy.name) ? fields : more).append(field(policy));
    }

    fields.append(more);
  }

  for (const policy of known.policies) {
    const input = byId(`policy-${policy.name}`);
    // What somebody types stays; what nobody touches follows the run.
    if (input && input.value === (input.dataset.holds ?? input.value)) {
      input.value = policy.value;
    }

    if (input) {
      input.dataset.holds = policy.value;
      input.disabled = !known.training;
    }
  }

  byId("apply").disabled = !known.training;
  if (!known.training) {
    setText(byId("policy-note"), "Not in training: these are the policies that it would go on with.");
  } else if (byId("policy-note").textContent.startsWith("Not in training")) {
    setText(byId("policy-note"), "");
  }
}

function field(policy) {
  const id = `policy-${policy.name}`;
  const list = choices[policy.name] ? make("datalist", { id: `${id}-choices` }, ...choices[policy.name].map((text) => make("option", { value: text }))) : null;
  return make(
    "div", { class: "field" },
    make("label", { for: id }, policy.name),
    make("input", { id, name: policy.name, value: policy.value, list: list ? list.id : null, spellcheck: "false", autocomplete: "off", "aria-describedby": `${id}-meaning` }),
    make("small", { id: `${id}-meaning`, class: "quiet" }, policy.meaning), list);
}

byId("policies").addEventListener("submit", async (event) => {
  event.preventDefault();
  const changes = Object.fromEntries(known.policies.map((policy) => [policy.name, byId(`policy-${policy.name}`).value.trim(), policy.value]).filter(([, now, before]) => now !== before).map(([name, now]) => [name, now]));
  if (Object.keys(changes).length === 0) {
    setText(byId("policy-note"), "Nothing is different.");
    return;
  }

  byId("apply").disabled = true;
  setText(byId("policy-note"), "Waiting for the steps in progress ...");
  try {
    known = await sendJson("/v1/policies", changes, "PATCH");
    for (const policy of known.policies) {
      byId(`policy-${policy.name}`).value = byId(`policy-${policy.name}`).dataset.holds = policy.value;
    }

    setText(byId("policy-note"), `Changed: ${Object.entries(changes).map(([name, text]) => `${name} ${text}`).join(", ")}`);
  } catch (error) {
    setText(byId("policy-note"), error.message);
  } finally {
    drawPolicies();
  }
});
