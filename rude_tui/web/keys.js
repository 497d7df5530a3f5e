// Keys go to the app from the start: the terminal takes them once the app has drawn, and nobody has to click first.
new MutationObserver((_, observer) => {
  const line = document.querySelector("body.-first-byte .xterm-helper-textarea");
  if (line) {
    observer.disconnect();
    line.focus();
  }
}).observe(document, { attributes: true, childList: true, subtree: true });
