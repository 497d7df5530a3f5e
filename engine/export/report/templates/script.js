(() => {
  "use strict";
  const form = document.getElementById("search");
  const [phrase, candidate, subcategory, count] = ["phrase", "candidate", "subcategory", "count"]
    .map((id) => document.getElementById(id));
  const pairs = [...document.querySelectorAll("details.pair")].map((element) => ({
    element,
    text: element.textContent.toLowerCase(),
    models: element.dataset.m.trim().split(" "),
    kinds: element.dataset.s.split(" "),
  }));
  const show = () => {
    const words = phrase.value.toLowerCase().trim();
    let shown = 0;
    for (const pair of pairs) {
      const fits = (!words || pair.text.includes(words))
        && (!candidate.value || pair.models.includes(candidate.value))
        && (!subcategory.value || pair.kinds.includes(subcategory.value));
      pair.element.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${pairs.length} pairs`;
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", show);
  document.addEventListener("keydown", (event) => {
    const writing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      phrase.focus();
    }
    if (event.key === "Escape" && event.target === phrase) {
      phrase.value = "";
      show();
    }
  });
  show();
})();
