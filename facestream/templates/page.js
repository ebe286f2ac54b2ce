"use strict";
const people = document.getElementById("people");
const cards = Array.from(people.children);
cards.forEach((card, place) => { card.dataset.listed = place; });
const filter = document.getElementById("filter");
const sort = document.getElementById("sort");
const shown = document.getElementById("shown");
const orders = {
  seconds: (a, b) => b.dataset.seconds - a.dataset.seconds,
  first: (a, b) => a.dataset.first - b.dataset.first,
  listed: (a, b) => a.dataset.listed - b.dataset.listed,
  name: (a, b) => !a.dataset.name - !b.dataset.name || a.dataset.name.localeCompare(b.dataset.name),
};
function update() {
  const wanted = filter.value.normalize("NFC").trim().toLowerCase();
  let count = 0;
  for (const card of cards) {
    card.hidden = !card.dataset.text.includes(wanted);
    count += !card.hidden;
  }
  shown.textContent = wanted ? `${count} of ${cards.length}` : "";
}
filter.addEventListener("input", update);
sort.addEventListener("change", () => people.append(...cards.sort(orders[sort.value])));
const tools = document.getElementById("tools");
tools.addEventListener("submit", (event) => event.preventDefault());
tools.hidden = false;
