/* The numbers people read out, R26-000123, stand on one line: a browser would break them at the hyphen, wherever they stand
   in a sentence, a cell or a card. One place for all of them, also for what comes into the page later. */

const NUMBER = /\b[RWF]\d\d-\d{6,}\b/;
const APART = "textarea, option, script, style, svg, .unbroken";

function whole(made) {
  const span = document.createElement("span");
  if (made) span.className = made;
  return span;
}

/** Text that is a part of its own in a row or a grid stays one part. */
function asOne(text) {
  const one = whole();
  text.replaceWith(one);
  one.append(text);
}

function hold(text) {
  const found = NUMBER.exec(text.data);
  if (!found) return;
  const number = found.index ? text.splitText(found.index) : text;
  const rest = number.splitText(found[0].length);
  const span = whole("unbroken");
  number.replaceWith(span);
  span.append(number);
  hold(rest);
}

function look(root) {
  const among = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  for (let at = root.nodeType === Node.TEXT_NODE ? root : among.nextNode(); at; at = among.nextNode()) {
    if (NUMBER.test(at.data) && at.parentElement && !at.parentElement.closest(APART)) texts.push(at);
  }
  const parts = texts.filter((text) => /flex|grid/.test(getComputedStyle(text.parentElement).display));
  parts.forEach(asOne);
  texts.forEach(hold);
}

look(document.body);
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.isConnected) look(node);
}).observe(document.body, { childList: true, subtree: true });
