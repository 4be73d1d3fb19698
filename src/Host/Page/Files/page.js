// The page: which view is shown, and what keeps it up to date.
import { follow, get, useKey } from "./api.js";
import { askAgain, openAsk } from "./ask.js";
import { byId, setText } from "./dom.js";
import { RunRecord } from "./record.js";
import { openRuns } from "./runs.js";
import { askPolicies, askStatus, drawCharts, drawTraining } from "./training.js";

const views = ["ask", "training", "runs"];
let record = new RunRecord(0);
let model = null;
let charts = true;
let seen = 0;

const view = () => (views.includes(location.hash.slice(1)) ? location.hash.slice(1) : "ask");

function showView(moveFocus) {
  for (const name of views) {
    const isShown = name === view() && byId("key-form").hidden;
    byId(`view-${name}`).hidden = !isShown;
    byId(`nav-${name}`).toggleAttribute("aria-current", false);
    if (isShown) {
      byId(`nav-${name}`).setAttribute("aria-current", "page");
    }
  }

  document.title = `${byId(`nav-${view()}`).textContent} - NoProp.NET`;
  charts = true;
  if (view() === "runs" && model) {
    openRuns();
  }

  if (view() === "training" && model) {
    poll();
  }

  if (moveFocus) {
    byId("main").focus();
  }
}

function take(type, data) {
  record.take(type, data);
  charts ||= type === "epoch" || type === "staleness" || type === "rewound" || performance.now() - seen > 2000;
  if (type === "checkpoint" || type === "epoch") {
    // The service takes a new state over within a moment.
    clearTimeout(take.again);
    take.again = setTimeout(() => view() === "ask" && !document.hidden && askAgain(), 1500);
  }

  if (type === "policies" || type === "start" || type === "end") {
    clearTimeout(take.policies);
    take.policies = setTimeout(() => view() === "training" && askPolicies(), 300);
  }
}

function draw() {
  if (view() === "training" && !document.hidden) {
    drawTraining(record);
    if (charts) {
      [charts, seen] = [false, performance.now()];
      drawCharts(record);
    }
  }

}

function poll() {
  if (view() === "training" && !document.hidden && model) {
    askStatus();
    askPolicies();
  }
}

function connection(state) {
  const words = { live: "connected", lost: "no connection, tries again", key: "key needed" };
  setText(byId("connection"), words[state]);
  if (state === "live" && byId("connection").dataset.state === "lost") {
    // The cluster may train another run by now, which is served at the same address.
    get("/v1/model").then((now) => now.run !== model.run && location.reload()).catch(() => {});
  }

  byId("connection").dataset.state = state;
}

async function open() {
  try {
    model = await get("/v1/model");
  } catch (error) {
    if (error.status === 401) {
      byId("key-form").hidden = false;
      showView(false);
      connection("key");
      byId("key").focus();
      return;
    }

    connection("lost");
    setTimeout(open, 2000);
    return;
  }

  byId("key-form").hidden = true;
  record = new RunRecord(model.blocks);
  openAsk(model);
  showView(false);
  follow(take, connection);
}

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(byId("key").value.trim());
  setText(byId("key-note"), "");
  open().then(() => {
    if (!byId("key-form").hidden) {
      setText(byId("key-note"), "This key is not known here.");
    }
  });
});
addEventListener("hashchange", () => showView(true));
document.addEventListener("visibilitychange", draw);
setInterval(draw, 500);
setInterval(poll, 3000);
showView(false);
open();
