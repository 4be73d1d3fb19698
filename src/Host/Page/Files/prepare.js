// Makes of a drawing or a picture what the network was trained on: cut to its bounding box, scaled to the size that the data's digits have,
// grey by the area that is covered.

// Size of a digit by the side of the image, where its middle is, and the mean ink of an image (0..1), as measured of each data set.
const layouts = {
  digits: { box: 1, middle: "box", ink: 0.3, pens: [0.11, 0.3] },
  mnist: { box: 20 / 28, middle: "mass", ink: 0.13, pens: [0.07, 0.13] },
};

const fine = 8;

function surface(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas.getContext("2d", { willReadFrequently: true });
}

/** Mean of each cell of fine x fine pixels, [channels][height][width], 0..1. */
function average(context, { channels, height, width }) {
  const pixels = context.getImageData(0, 0, width * fine, height * fine).data;
  const values = new Array(channels * height * width).fill(0);
  for (let y = 0; y < height * fine; y++) {
    for (let x = 0; x < width * fine; x++) {
      const from = 4 * (y * width * fine + x);
      const cell = Math.floor(y / fine) * width + Math.floor(x / fine);
      const [red, green, blue] = [pixels[from], pixels[from + 1], pixels[from + 2]];
      if (channels === 1) {
        values[cell] += 0.299 * red + 0.587 * green + 0.114 * blue;
      } else {
        [red, green, blue].slice(0, channels).forEach((value, c) => (values[c * height * width + cell] += value));
      }
    }
  }

  return values.map((value) => Math.min(value / (255 * fine * fine), 1));
}

function trace(context, strokes, map, pen) {
  context.fillStyle = "#000";
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  context.strokeStyle = "#fff";
  context.lineWidth = pen;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    stroke.map(map).forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    const [x, y] = map(stroke[0]);
    if (stroke.length === 1) {
      context.lineTo(x + 0.01, y);
    }

    context.stroke();
  }
}

function bounds(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

function massShift(values, { height, width }) {
  let [sum, x, y] = [0, 0, 0];
  values.forEach((value, i) => {
    sum += value;
    x += value * ((i % width) + 0.5);
    y += value * (Math.floor(i / width) + 0.5);
  });
  return sum > 0 ? [width / 2 - x / sum, height / 2 - y / sum] : [0, 0];
}

/** Strokes of points from 0 to 1 as the network's input. */
export function fromStrokes(strokes, model) {
  const { image } = model;
  const context = surface(image.width * fine, image.height * fine);
  const layout = layouts[model.data];
  if (!layout) {
    trace(context, strokes, ([x, y]) => [x * image.width * fine, y * image.height * fine], 0.07 * image.width * fine);
    return average(context, image);
  }

  const box = bounds(strokes.flat());
  const side = Math.min(image.width, image.height) * fine;
  const draw = (pen, shift) => {
    const inner = layout.box * side - pen;
    const scale = inner / Math.max(box.right - box.left, box.bottom - box.top, 0.02);
    const map = ([x, y]) => [
      (image.width * fine) / 2 + scale * (x - (box.left + box.right) / 2) + shift[0] * fine,
      (image.height * fine) / 2 + scale * (y - (box.top + box.bottom) / 2) + shift[1] * fine,
    ];
    trace(context, strokes, map, pen);
    return average(context, image);
  };

  // The data's digits were written with pens as wide as people write large: here as wide as it takes to have as much ink.
  const ink = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  let [thin, thick] = layout.pens.map((pen) => pen * side);
  for (let i = 0; i < 6; i++) {
    const middle = (thin + thick) / 2;
    [thin, thick] = ink(draw(middle, [0, 0])) < layout.ink ? [middle, thick] : [thin, middle];
  }

  const values = draw(thin, [0, 0]);
  return layout.middle === "mass" ? draw(thin, massShift(values, image)) : values;
}

/** A decoded picture as the network's input. */
export function fromPicture(bitmap, model) {
  const { image } = model;
  const context = surface(image.width * fine, image.height * fine);
  context.fillStyle = "#000";
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  const layout = layouts[model.data];
  const source = layout ? onDark(bitmap) : bitmap;
  const part = layout && (bitmap.width !== image.width || bitmap.height !== image.height) ? inked(source) : null;
  if (!part) {
    context.drawImage(source, 0, 0, image.width * fine, image.height * fine);
    return average(context, image);
  }

  const side = Math.min(image.width, image.height) * fine * layout.box;
  const scale = side / Math.max(part.width, part.height);
  const draw = (shift) => {
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    const [width, height] = [part.width * scale, part.height * scale];
    context.drawImage(
      source, part.left, part.top, part.width, part.height,
      (image.width * fine - width) / 2 + shift[0] * fine, (image.height * fine - height) / 2 + shift[1] * fine, width, height);
    return average(context, image);
  };
  const values = draw([0, 0]);
  return layout.middle === "mass" ? draw(massShift(values, image)) : values;
}

/** The picture in grey, bright on dark: what has a bright rim is turned about. */
function onDark(bitmap) {
  const scale = Math.min(1, 512 / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale))];
  const context = surface(width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  const data = context.getImageData(0, 0, width, height);
  const grey = Array.from({ length: width * height }, (_, i) => {
    const [red, green, blue, alpha] = data.data.subarray(4 * i, 4 * i + 4);
    return ((0.299 * red + 0.587 * green + 0.114 * blue) * alpha) / 255;
  });
  const rim = grey.filter((_, i) => i % width === 0 || i % width === width - 1 || i < width || i >= width * (height - 1));
  const turned = rim.reduce((sum, value) => sum + value, 0) / rim.length > 127;
  const values = turned ? grey.map((value) => 255 - value) : grey;
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [255, 0]);
  values.forEach((value, i) => {
    const bright = high > low ? (255 * (value - low)) / (high - low) : 0;
    data.data.set([bright, bright, bright, 255], 4 * i);
  });
  context.putImageData(data, 0, 0);
  return context.canvas;
}

function inked(canvas) {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const points = [];
  for (let i = 0; i < width * height; i++) {
    if (pixels[4 * i] > 64) {
      points.push(i);
    }
  }

  if (points.length === 0) {
    return null;
  }

  let [left, right, top, bottom] = [width, 0, height, 0];
  for (const i of points) {
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  }

  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Shows on a canvas what the network is given. */
export function show(canvas, values, { channels, height, width }) {
  const context = canvas.getContext("2d");
  [canvas.width, canvas.height] = [width, height];
  const data = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const channel = (c) => 255 * values[(channels === 1 ? 0 : c * width * height) + i];
    data.data.set([channel(0), channel(1), channel(2), 255], 4 * i);
  }

  context.putImageData(data, 0, 0);
}
