/** Icons as inline SVG: outlines on a grid of 24. They are decoration; the control says in words what it does. */
const PATHS = {
  people: "M9 11.5a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6ZM2.5 20c.4-3.6 3-5.8 6.5-5.8s6.1 2.2 6.5 5.8M15.5 4.3a3.8 3.8 0 0 1 0 6.8M18 14.8c2 .8 3.2 2.6 3.5 5.2",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.5-3.9 3.5-6.2 7.5-6.2s7 2.3 7.5 6.2",
  search: "M10.8 17.5a6.7 6.7 0 1 0 0-13.4 6.7 6.7 0 0 0 0 13.4ZM20.5 20.5l-4.9-4.9",
  photo: "M5.5 4h13A1.5 1.5 0 0 1 20 5.5v13a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5v-13A1.5 1.5 0 0 1 5.5 4ZM4 16.5l4.5-4.5 4 4 2.5-2.5 5 4.5M15.5 9h.01",
  live: "M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM8.5 15.5a5 5 0 0 1 0-7M15.5 8.5a5 5 0 0 1 0 7M5.6 18.4a9 9 0 0 1 0-12.8M18.4 5.6a9 9 0 0 1 0 12.8",
  camera: "M3.5 7A1.5 1.5 0 0 1 5 5.5h9A1.5 1.5 0 0 1 15.5 7v10a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 17V7ZM15.5 11l5-3v8l-5-3",
  film: "M5.5 4.5h13A1.5 1.5 0 0 1 20 6v12a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18V6a1.5 1.5 0 0 1 1.5-1.5ZM8 4.5v15M16 4.5v15M4 9.5h4M4 14.5h4M16 9.5h4M16 14.5h4",
  log: "M12 7.5V12l3 2M4.2 9A8.2 8.2 0 1 1 4 13.5M4 4.5V9h4.5",
  pairs: "M4.5 5h5A1.5 1.5 0 0 1 11 6.5v11A1.5 1.5 0 0 1 9.5 19h-5A1.5 1.5 0 0 1 3 17.5v-11A1.5 1.5 0 0 1 4.5 5ZM14.5 5h5A1.5 1.5 0 0 1 21 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-5a1.5 1.5 0 0 1-1.5-1.5v-11A1.5 1.5 0 0 1 14.5 5Z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  merge: "M6 4v3c0 3 6 3.5 6 7v6M18 4v3c0 3-6 3.5-6 7M9 17l3 3 3-3",
  split: "M12 20v-5c0-3-6-3.5-6-7V4M12 15c0-3 6-3.5 6-7V4M3.5 6.5L6 4l2.5 2.5M15.5 6.5L18 4l2.5 2.5",
  hide: "M4 4l16 16M9.9 5.7A9 9 0 0 1 12 5.5c5 0 8 4 9 6.5a11 11 0 0 1-2.6 3.6M6.3 7.5A11.5 11.5 0 0 0 3 12c1 2.5 4 6.5 9 6.5a9 9 0 0 0 4-.9M10 10a2.9 2.9 0 0 0 4 4",
  show: "M3 12c1-2.5 4-6.5 9-6.5s8 4 9 6.5c-1 2.5-4 6.5-9 6.5S4 14.5 3 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  edit: "M4.5 19.5l1-4L16 5a2.1 2.1 0 0 1 3 3L8.5 18.5l-4 1Z",
  undo: "M8.5 5L4.5 9l4 4M4.5 9h9a5.5 5.5 0 0 1 0 11H9",
  trash: "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10 11v5M14 11v5",
  filter: "M4 6.5h16M7 12h10M10 17.5h4",
  play: "M8 5.5v13l10.5-6.5L8 5.5Z",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  moon: "M20 13.8A8.3 8.3 0 0 1 10.2 4a8.3 8.3 0 1 0 9.8 9.8Z",
  auto: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 3.5v17M12 8l6-2.5M12 12.5l8.3-2M12 17l7-2",
  keyboard: "M4.5 6.5h15A1.5 1.5 0 0 1 21 8v8a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 16V8a1.5 1.5 0 0 1 1.5-1.5ZM7 10.5h.01M10.5 10.5h.01M14 10.5h.01M17.5 10.5h.01M8.5 14h7",
  leave: "M10 4.5H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.5h4M15 8l4 4-4 4M19 12H9.5",
  back: "M11 6l-6 6 6 6M5 12h14",
  next: "M13 6l6 6-6 6M19 12H5",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4.5 20h15",
  upload: "M12 15.5V4.5M7.5 9L12 4.5 16.5 9M4.5 20h15",
  warn: "M12 4.5L2.8 20h18.4L12 4.5ZM12 10.5v4M12 17.3h.01",
  star: "M12 4l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8L12 4Z",
  refresh: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4.5V9H15",
  turn: "M8 5v14M4.5 15.5L8 19l3.5-3.5M16 19V5M12.5 8.5L16 5l3.5 3.5",
  differ: "M5 9.5h14M5 14.5h14M16 5L8 19",
  same: "M5 9.5h14M5 14.5h14",
};

/** @param {keyof typeof PATHS} name @returns {SVGSVGElement} */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] ?? "");
  // Dots are lines without length: they need a wider pen than the rest.
  if (name === "more") path.setAttribute("stroke-width", "2.5");
  svg.append(path);
  return svg;
}
