// The view that asks the network: a drawing or a picture, and the label as it emerges block by block.
import { sendJson } from "./api.js";
import { emergence } from "./charts.js";
import { byId, make, percent, setText, whole } from "./dom.js";
import { fromPicture, fromStrokes, show } from "./prepare.js";

const pad = byId("pad");
const pen = pad.getContext("2d");
const slider = byId("depth");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let model = null;
let strokes = [];
let picture = null;
let answer = null;
let chosen = 0;
let asked = 0;
let playing = null;
let bars = [];

/** Begins with what the service says of its network. */
export function openAsk(known) {
  model = known;
  const places = known.steps === null ? `${known.blocks} blocks` : `${known.steps} steps`;
  setText(byId("model-line"), `${known.run}: ${known.method} on ${known.data}, ${known.embedding}, ${places}`);
  byId("bars").replaceChildren();
  bars = known.classes.map((name) => {
    const fill = make("span", { class: "fill" });
    const value = make("span", { class: "value" }, "");
    const row = make("li", {}, make("span", { class: "name" }, name), make("span", { class: "track", "aria-hidden": "true" }, fill), value);
    byId("bars").append(row);
    return { row, fill, value };
  });
  redraw();
}

/** The network has learned more: asks the same again. */
export function askAgain() {
  if (byId("again").checked && answer && !playing && strokes.length + (picture ? 1 : 0) > 0) {
    ask(false);
  }
}

function redraw() {
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, pad.width, pad.height);
  if (picture) {
    const scale = Math.min(pad.width / picture.width, pad.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    pen.imageSmoothingEnabled = scale < 4;
    pen.drawImage(picture, (pad.width - width) / 2, (pad.height - height) / 2, width, height);
  }

  pen.strokeStyle = "#fff";
  pen.lineWidth = 40;
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(([x, y], i) => (i === 0 ? pen.moveTo(x * pad.width, y * pad.height) : pen.lineTo(x * pad.width, y * pad.height)));
    if (stroke.length === 1) {
      pen.lineTo(stroke[0][0] * pad.width + 0.1, stroke[0][1] * pad.height);
    }

    pen.stroke();
  }
}

async function ask(animate) {
  stop();
  const turn = ++asked;
  const pixels = picture ? fromPicture(picture, model) : fromStrokes(strokes, model);
  show(byId("seen"), pixels, model.image);
  try {
    const came = await sendJson("/v1/predict", { images: [pixels], max: 1, trace: true });
    if (turn === asked) {
      take(came, animate);
    }
  } catch (error) {
    if (turn === asked) {
      setText(byId("verdict-text"), error.message);
    }
  }
}

function take(came, animate) {
  const wasLast = !answer || chosen >= answer.images[0].trace.length - 1;
  answer = came;
  const image = came.images[0];
  const last = image.trace.length - 1;
  slider.max = last + 1;
  slider.disabled = byId("play").disabled = false;
  showAnswered(came);
  setText(byId("announce"), `${image.name}, with ${percent(image.probability, 0)}`);
  if (animate && !calm.matches) {
    play();
  } else {
    choose(animate || wasLast ? last : Math.min(chosen, last));
  }
}

function showAnswered(came) {
  byId("answered").replaceChildren(...came.blocks.map((block) => make(
    "tr", {}, make("th", { scope: "row" }, `block ${block.block}`), make("td", { class: "number" }, whole(block.version)), make("td", { class: "number" }, `${block.milliseconds.toFixed(2)} ms`))));
  setText(byId("answer-line"), `In all ${came.milliseconds.toFixed(1)} ms; classifier after ${whole(came.head)} steps, seed ${came.seed}`);
}

function choose(index) {
  const { trace } = answer.images[0];
  chosen = index;
  slider.value = index + 1;
  const point = trace[index];
  const place = point.step ? `step ${point.step}` : `block ${point.block}`;
  setText(byId("depth-text"), `${index + 1} of ${trace.length}`);
  const best = point.probabilities.indexOf(Math.max(...point.probabilities));
  slider.setAttribute("aria-valuetext", `after ${place}: ${model.classes[best]}, ${percent(point.probabilities[best], 0)}`);
  setText(byId("verdict"), model.classes[best]);
  setText(byId("verdict-text"), `${percent(point.probabilities[best])} after ${place}; z is nearest to ${model.classes[point.nearest]}`);
  bars.forEach((bar, i) => {
    bar.fill.style.transform = `scaleX(${point.probabilities[i]})`;
    bar.row.classList.toggle("best", i === best);
    setText(bar.value, percent(point.probabilities[i]));
  });
  emergence(byId("emergence"), {
    columns: trace.map((entry) => entry.probabilities), classes: model.classes, chosen: index,
    label: `Probability of each class after each depth; the last says ${answer.images[0].name}`,
    onChoose: (column) => {
      stop();
      choose(column);
    },
  });
}

function play() {
  stop();
  const { length } = answer.images[0].trace;
  choose(0);
  setText(byId("play"), "Stop");
  playing = setInterval(() => {
    if (chosen + 1 >= length) {
      stop();
    } else {
      choose(chosen + 1);
      if (chosen + 1 === length) {
        stop();
      }
    }
  }, Math.max(70, Math.min(260, 2000 / length)));
}

function stop() {
  clearInterval(playing);
  playing = null;
  setText(byId("play"), "Play");
}

function clear() {
  asked++;
  stop();
  [strokes, picture, answer, chosen] = [[], null, null, 0];
  redraw();
  byId("answered").replaceChildren();
  byId("emergence").replaceChildren();
  byId("seen").getContext("2d").clearRect(0, 0, byId("seen").width, byId("seen").height);
  setText(byId("answer-line"), "");
  setText(byId("announce"), "");
  setText(byId("verdict"), "?");
  setText(byId("verdict-text"), "Draw something to ask.");
  setText(byId("depth-text"), "-");
  slider.disabled = byId("play").disabled = true;
  bars.forEach((bar) => {
    bar.fill.style.transform = "scaleX(0)";
    bar.row.classList.remove("best");
    setText(bar.value, "");
  });
}

async function openPicture(file) {
  try {
    const bitmap = await createImageBitmap(file);
    clear();
    picture = bitmap;
    redraw();
    await ask(true);
  } catch {
    setText(byId("verdict-text"), `${file.name} is no picture that can be read: choose a PNG or JPEG file`);
  }
}

const at = (event) => {
  const box = pad.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
};

pad.addEventListener("pointerdown", (event) => {
  if (!model || event.button !== 0) {
    return;
  }

  event.preventDefault();
  pad.setPointerCapture(event.pointerId);
  if (picture) {
    clear();
  }

  strokes.push([at(event)]);
  redraw();
});
pad.addEventListener("pointermove", (event) => {
  if (pad.hasPointerCapture(event.pointerId) && strokes.length > 0) {
    strokes.at(-1).push(...(event.getCoalescedEvents?.() ?? [event]).map(at));
    redraw();
  }
});
const lift = (event) => {
  if (pad.hasPointerCapture(event.pointerId)) {
    pad.releasePointerCapture(event.pointerId);
    ask(true);
  }
};
pad.addEventListener("pointerup", lift);
pad.addEventListener("pointercancel", lift);
byId("clear").addEventListener("click", clear);
byId("undo").addEventListener("click", () => {
  const left = strokes.slice(0, -1);
  clear();
  strokes = left;
  redraw();
  if (left.length > 0) {
    ask(true);
  }
});
byId("play").addEventListener("click", () => (playing ? stop() : play()));
slider.addEventListener("input", () => {
  stop();
  choose(slider.valueAsNumber - 1);
});
byId("file").addEventListener("change", (event) => {
  if (event.target.files.length > 0 && model) {
    openPicture(event.target.files[0]);
    event.target.value = "";
  }
});
for (const type of ["dragover", "drop"]) {
  // A picture that misses the field must not take the place of the page.
  addEventListener(type, (event) => event.preventDefault());
}

byId("drop").addEventListener("dragover", () => byId("drop").classList.add("over"));
byId("drop").addEventListener("dragleave", () => byId("drop").classList.remove("over"));
byId("drop").addEventListener("drop", (event) => {
  byId("drop").classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file && model) {
    openPicture(file);
  }
});
