// Draws icon.png: lines of text, the upper ones in front of a boundary, the lower ones behind it.
//
//   node icon.mjs

import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";

const SIZE = 256;
const GROUND = [24, 28, 36];
const CACHED = [63, 185, 80];
const EDGE = [240, 246, 252];
const BEHIND = [110, 118, 129];

// x, y, width, height, radius, colour; the later ones on top.
const shapes = [
  [0, 0, 256, 256, 48, GROUND],
  [44, 50, 168, 20, 10, CACHED],
  [44, 84, 140, 20, 10, CACHED],
  [44, 118, 104, 20, 10, CACHED],
  [162, 108, 10, 40, 5, EDGE],
  [44, 162, 156, 20, 10, BEHIND],
  [44, 196, 120, 20, 10, BEHIND],
];

/** How much of a point lies in a rounded box, 0 to 1. */
function cover(x, y, [left, top, width, height, radius]) {
  const dx = Math.max(left + radius - x, x - (left + width - radius), 0);
  const dy = Math.max(top + radius - y, y - (top + height - radius), 0);
  return Math.min(Math.max(radius - Math.hypot(dx, dy) + 0.5, 0), 1);
}

function pixel(x, y) {
  let out = [0, 0, 0, 0];
  for (const shape of shapes) {
    const share = cover(x + 0.5, y + 0.5, shape);
    const colour = [...shape[5], 255];
    out = share === 0 ? out : out.map((old, index) => Math.round(old + (colour[index] - old) * share));
  }
  return out;
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

const rows = [];
for (let y = 0; y < SIZE; y += 1) {
  const row = [0];
  for (let x = 0; x < SIZE; x += 1) {
    row.push(...pixel(x, y));
  }
  rows.push(Buffer.from(row));
}
const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
header.set([8, 6, 0, 0, 0], 8);
const png = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  chunk("IHDR", header),
  chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 9 })),
  chunk("IEND", Buffer.alloc(0)),
]);
writeFileSync(join(dirname(fileURLToPath(import.meta.url)), "icon.png"), png);
