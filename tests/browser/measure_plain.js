/* Lists what is wrong with the texts of the wall without scripts: beyond their panel, cut off, too small, written over each other. */
() => {
  const faults = [], root = parseFloat(getComputedStyle(document.documentElement).fontSize), boxes = [];
  const walker = document.createTreeWalker(document.querySelector('.plain'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement, style = getComputedStyle(element), drawing = element.closest('svg');
    if (!node.textContent.trim() || style.visibility === 'hidden') continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect(), panel = element.closest('.plain > *').getBoundingClientRect();
    const name = node.textContent.trim().slice(0, 24), frame = drawing ? drawing.getBoundingClientRect() : panel;
    const scale = drawing ? drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width : 1;
    if (!box.width) faults.push('no room: ' + name);
    if (parseFloat(style.fontSize) * scale < 1.12 * root) faults.push('small: ' + name);
    if (box.left < frame.left - 1 || box.right > frame.right + 1.5 || box.bottom > panel.bottom + 1.5) faults.push('beyond its panel: ' + name);
    if (!drawing && style.display !== 'inline' && element.scrollWidth > element.clientWidth + 1) faults.push('cut: ' + name);
    const cell = element.closest('td, .c > div, .tiles > div');
    if (cell && box.right > cell.getBoundingClientRect().right + 1.5) faults.push('beyond its cell: ' + name);
    /* A line box is taller than its letters: these stand around its middle. */
    const middle = (box.top + box.bottom) / 2, half = 0.42 * parseFloat(style.fontSize) * scale;
    boxes.push([name, { left: box.left, right: box.right, top: middle - half, bottom: middle + half }]);
  }
  boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
    const w = Math.min(a.right, b.right) - Math.max(a.left, b.left), h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (w > 2 && h > 1) faults.push('overlap: ' + one + ' × ' + other);
  }));
  const page = document.documentElement;
  if (page.scrollWidth > innerWidth || page.scrollHeight > innerHeight) faults.push('the page scrolls');
  return { faults: [...new Set(faults)], texts: boxes.length };
}
