/* Lists what is wrong with the texts of the page: cut off, too small, outside their chart, or written over each other. */
() => {
  const faults = [], root = parseFloat(getComputedStyle(document.documentElement).fontSize), least = 1.12 * root;
  const own = (element) => [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());

  document.querySelectorAll('.wall *').forEach((element) => {
    if (element.closest('svg') || element.closest('.roll > :not(.on)') || !element.clientWidth || !own(element)) return;
    const style = getComputedStyle(element), range = document.createRange();
    if (style.visibility === 'hidden') return;
    range.selectNodeContents(element);
    const text = range.getBoundingClientRect(), panel = element.closest('.wall > *').getBoundingClientRect();
    const cell = (element.closest('td, th, .c > div, .tiles > div') || element).getBoundingClientRect();
    const name = element.textContent.slice(0, 30);
    if (text.right > panel.right + 1.5 || text.bottom > panel.bottom + 1.5) faults.push('beyond its panel: ' + name);
    if (text.right > cell.right + 1.5 || text.left < cell.left - 1.5) faults.push('beyond its cell: ' + name);
    if (style.display !== 'inline' && element.scrollWidth > element.clientWidth + 1) faults.push('cut: ' + name);
    if (parseFloat(style.fontSize) < least) faults.push('small: ' + name);
  });

  document.querySelectorAll('.roll > .on').forEach((line) => {
    const end = Math.max(...[...line.querySelectorAll('span')].map((s) => s.getBoundingClientRect().right));
    if (end > line.parentElement.getBoundingClientRect().right + 1.5) faults.push('line too long: ' + line.textContent);
  });

  let texts = 0;
  Object.entries(window.panorama.charts).forEach(([id, chart]) => {
    const boxes = [];
    if (!document.getElementById(id).clientWidth) return; // A hidden chart keeps its last drawing.
    chart.getZr().storage.getDisplayList().forEach((shape) => {
      if (shape.type !== 'tspan' || !shape.style.text || !shape.style.text.trim()) return;
      const box = shape.getBoundingRect().clone();
      box.applyTransform(shape.transform || [1, 0, 0, 1, 0, 0]);
      boxes.push([shape.style.text, box]);
      const size = parseFloat(/([\d.]+)px/.exec(shape.style.font)[1]);
      if (size < least) faults.push('small in ' + id + ': ' + shape.style.text);
      if (box.x < 0 || box.y < 0 || box.x + box.width > chart.getWidth() + 1 || box.y + box.height > chart.getHeight() + 1) {
        faults.push('outside ' + id + ': ' + shape.style.text);
      }
    });
    texts += boxes.length;
    boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
      const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
      const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      const oneLabel = boxes[i + 1][1] === b && (one[0] === ' ' || other[0] === ' '); // a name and its figure
      if (w > 2 && h > 3 && !oneLabel) faults.push('overlap in ' + id + ': ' + one + ' × ' + other);
    }));
  });
  return { faults: [...new Set(faults)], texts: texts };
}
