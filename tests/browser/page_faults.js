/* Lists what is wrong with an ordinary page: wider than the window, cut or overprinted texts, fields without labels, English. */
() => {
  const faults = [], root = document.documentElement;
  const seen = (element) => {
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    return box.width > 1 && box.height > 1 && style.visibility !== 'hidden' && style.opacity !== '0';
  };
  const told = (element) => element.tagName.toLowerCase() + ': ' + (element.textContent || element.name || '').trim().slice(0, 30);

  if (root.lang !== 'zh-CN') faults.push('language: ' + root.lang);
  if (document.querySelectorAll('h1').length !== 1) faults.push(document.querySelectorAll('h1').length + ' h1');
  if (!/[一-鿿]/.test(document.title)) faults.push('title: ' + document.title);
  if (root.scrollWidth > root.clientWidth) faults.push('document is ' + (root.scrollWidth - root.clientWidth) + ' px too wide');

  document.querySelectorAll('body *').forEach((element) => {
    if (!seen(element) || element.closest('svg, .roll > :not(.on), .skip')) return;
    const hides = getComputedStyle(element).overflowX, wide = element.scrollWidth > element.clientWidth + 1;
    if (wide && element.clientWidth && /hidden|clip/.test(hides) && element.textContent.trim()) faults.push('cut: ' + told(element));
    if (wide && /auto|scroll/.test(hides) && innerWidth > 1000) faults.push('must be scrolled sideways: ' + told(element));
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()), right = element.getBoundingClientRect().right;
    if (own && right > root.clientWidth + 1 && !element.closest('.scroll')) faults.push('beyond the window: ' + told(element));
  });

  const links = [...document.querySelectorAll('.topbar > .name, .topbar > .demo, nav a, .who a, .who > span, .who button')].filter(seen);
  const boxes = links.map((link) => link.getBoundingClientRect());
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b, j) => {
    const w = Math.min(a.right, b.right) - Math.max(a.left, b.left), h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (w > 1 && h > 1) faults.push('overlap: ' + links[i].textContent + ' × ' + links[i + 1 + j].textContent);
  }));

  document.querySelectorAll('input:not([type=hidden]), select, textarea').forEach((field) => {
    const label = [...(field.labels || [])].map((one) => one.textContent.trim()).join('') || field.getAttribute('aria-label');
    if (!label) faults.push('no label: ' + (field.name || field.id || field.type));
  });
  document.querySelectorAll('button, a[href]').forEach((element) => {
    if (!element.textContent.trim() && !element.getAttribute('aria-label')) faults.push('no name: ' + element.outerHTML.slice(0, 60));
  });
  document.querySelectorAll('table').forEach((table) => {
    if (!table.caption || !table.caption.textContent.trim()) faults.push('no caption: ' + told(table));
  });
  document.querySelectorAll('main [id]').forEach((element) => {
    if (document.querySelectorAll('[id="' + CSS.escape(element.id) + '"]').length > 1) faults.push('id twice: ' + element.id);
  });

  const known = /^(?:JSON|API|GET|Bearer|xlsx|CSV|Authorization|Chrome|Edge|Firefox|Safari|Windows|Linux|Microsoft|Authenticator|SM3|GB|JavaScript)$/;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    if (parent.closest('script, style, noscript, .mono, code, .secret, .attr') || !parent.getClientRects().length) continue;
    (texts.currentNode.textContent.match(/[A-Za-z][A-Za-z0-9]+/g) || []).forEach((word) => {
      if (!known.test(word)) faults.push('English: ' + word + ' in ' + texts.currentNode.textContent.trim().slice(0, 40));
    });
  }
  return [...new Set(faults)];
}
