// A classic script in the head, so that the chosen colours are there before anything is painted.
(() => {
  const chosen = localStorage.getItem("facestream.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.style.colorScheme = chosen;
})();
