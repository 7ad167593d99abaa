/* Leads a browser below the floor from a wall to /wall/plain, which needs no script. Written in ES5: older browsers must be able to read it.
   The floor is Chromium 84: WeakRef came with the version that knows gaps between flexible boxes, which no test of CSS can tell. */
(function () {
  var PLAIN = '/wall/plain', path = location.pathname, css = window.CSS;

  function isWall() { return /^\/wall(\/|$)/.test(path) && path.indexOf(PLAIN) !== 0; }
  function goPlain() { location.replace(PLAIN + location.search); }
  function standsAbove() {
    return typeof window.WeakRef === 'function' && typeof window.ResizeObserver === 'function' &&
      typeof Object.fromEntries === 'function' && !!(css && css.supports && css.supports('width', 'min(1px, 1px)'));
  }

  if (!isWall()) return;
  if (!standsAbove()) { goPlain(); return; }

  /* A script that this browser can not read, whatever its version says of itself: nothing would ever appear on the wall. */
  window.addEventListener('error', function (event) {
    if (document.readyState !== 'complete' && /SyntaxError/.test(event.message || '')) goPlain();
  });
})();
