// Poster art generated from a name. The same name always gives the same poster.

import { s } from "./dom.js";

const WIDTH = 400;
const HEIGHT = 260;
const WARM_UP = 28;
const PALETTES = [
  ["#1d1b3a", "#e4572e", "#f3c969", "#f5ede0"],
  ["#0f3d3e", "#e2725b", "#f0d9a8", "#8fc1b5"],
  ["#3b1c32", "#f2545b", "#f7b267", "#f4e3d7"],
  ["#12355b", "#f5b700", "#e9ecf5", "#dc493a"],
  ["#26402d", "#f2a65a", "#e8e1c9", "#772f1a"],
  ["#2b2145", "#8f6fd6", "#f6a5c0", "#fbe8d3"],
];
const COMPOSITIONS = [arches, beams, tiles, waves, discs];

export function poster(name) {
  const random = seeded(name);
  const [ground, ...inks] = PALETTES[Math.floor(random() * PALETTES.length)];
  const draw = COMPOSITIONS[Math.floor(random() * COMPOSITIONS.length)];
  return s(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true", class: "poster" },
    s("rect", { width: WIDTH, height: HEIGHT, fill: ground }),
    draw(random, inks),
  );
}

// A hall seen from the stage: arches inside arches.
function arches(random, inks) {
  const centre = 120 + random() * 160;
  return [200, 165, 130, 95, 60, 28].map((radius, index) =>
    s("path", {
      d: `M${centre - radius} ${HEIGHT} v-${radius * 0.35} a${radius} ${radius} 0 0 1 ${radius * 2} 0 v${radius * 0.35}z`,
      fill: inks[index % inks.length],
    }),
  );
}

// Spotlights crossing above a stage.
function beams(random, inks) {
  const lights = [0.12, 0.37, 0.63, 0.88].map((place, index) => {
    const top = place * WIDTH;
    const foot = random() * WIDTH;
    return s("path", {
      d: `M${top - 8} 0 h16 L${foot + 70} ${HEIGHT} h-140z`,
      fill: inks[index % inks.length],
      opacity: 0.72,
    });
  });
  return [...lights, s("ellipse", { cx: WIDTH / 2, cy: HEIGHT + 30, rx: 230, ry: 70, fill: inks[1] })];
}

// Quarter circles on a grid, each turned its own way.
function tiles(random, inks) {
  const side = 65;
  const drawn = [];
  for (let x = 0; x < WIDTH; x += side) {
    for (let y = 0; y < HEIGHT; y += side) {
      const turn = Math.floor(random() * 4) * 90;
      const ink = inks[Math.floor(random() * inks.length)];
      const shape = random() < 0.2
        ? s("circle", { cx: side / 2, cy: side / 2, r: side / 4, fill: ink })
        : s("path", { d: `M0 0 h${side} a${side} ${side} 0 0 1 -${side} ${side}z`, fill: ink });
      drawn.push(s("g", { transform: `translate(${x} ${y}) rotate(${turn} ${side / 2} ${side / 2})` }, shape));
    }
  }
  return drawn;
}

// Waves.
function waves(random, inks) {
  const moon = s("circle", { cx: 80 + random() * 240, cy: 84, r: 46, fill: inks[1] });
  const rows = [0, 1, 2, 3, 4].map((row) => {
    const y = 112 + row * 32;
    const shift = -random() * 120;
    let d = `M${shift} ${y}`;
    for (let x = 0; x < 6; x += 1) d += " q30 -34 60 0 t60 0";
    return s("path", { d: `${d} V${HEIGHT} H${shift}z`, fill: inks[(row * 2) % inks.length], opacity: 1 - row * 0.08 });
  });
  return [moon, ...rows];
}

// Overlapping discs, like records or stage lamps.
function discs(random, inks) {
  return [0, 1, 2].flatMap((index) => {
    const cx = 70 + index * 130 + random() * 20;
    const cy = 90 + random() * 80;
    const radius = 62 + random() * 44;
    const rings = [1, 0.72, 0.44, 0.16].map((share, ring) =>
      s("circle", { cx, cy, r: radius * share, fill: inks[(index + ring) % inks.length], opacity: ring ? 1 : 0.92 }),
    );
    return rings;
  });
}

// Numbers between 0 and 1 that depend on the text only (xorshift).
function seeded(text) {
  let state = 2166136261;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0), 16777619);
  // Similar names differ in few bits, so the first numbers are discarded.
  for (let draw = 0; draw < WARM_UP; draw += 1) next();
  return next;

  function next() {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  }
}
