/* The faces of the one wall: which is shown, by key, by name in the head, by ?show= and by a programme (55-player.js). */
(function () {
  var panorama = window.panorama, root = document.documentElement, HOME = 'overview', FACES = ['overview', 'asia', 'enterprises', 'operations'];
  var resting = {};

  function current() { return FACES.indexOf(root.dataset.face) >= 0 ? root.dataset.face : HOME; }
  function onWall() { return root.dataset.layout === 'wall' && Boolean(document.getElementById('wall')); }
  function panels(face) { return Array.from(document.querySelectorAll('#wall > .of-' + face)); }

  /* A panel whose news could not be made or drawn, and that has no older figures to stand for them. */
  function empty(panel) {
    if (!panel.matches('[data-failed]') && !panel.querySelector('[data-failed]')) return false;
    var content = Array.from(panel.children).filter(function (part) { return part.tagName !== 'H2'; });
    return !panel.querySelector('[data-drawn="data"]') && !content.some(function (part) { return /\d/.test(part.textContent); });
  }

  /* No figures yet, or a panel that would stand there empty: such a face must not come on by itself. */
  function ready(face) {
    return Boolean(document.body.dataset.generation) && panels(face).length > 0 && !panels(face).some(empty);
  }

  /* Charts that nobody sees draw no frames: only their loop stands still, nothing of them is thrown away. */
  function rest() {
    Object.keys(panorama.charts || {}).forEach(function (id) {
      var element = document.getElementById(id), loop = panorama.charts[id].getZr();
      if (!element || !element.clientWidth) { loop.animation.stop(); resting[id] = true; return; }
      if (resting[id]) loop.wakeUp();
      delete resting[id];
    });
  }

  function mark() {
    document.querySelectorAll('.faces button').forEach(function (name) {
      if (name.dataset.faceKey === current()) name.setAttribute('aria-current', 'true'); else name.removeAttribute('aria-current');
    });
  }

  function turn(face) {
    if (root.dataset.face !== face) root.dataset.face = face;
    mark();
    rest();
  }

  function show(face) {
    if (FACES.indexOf(face) < 0 || !onWall() || !ready(face)) return false;
    turn(face);
    return true;
  }

  /* A face that the address names is shown at once, with its titles and rules until the figures are there. */
  function named() {
    var asked = /[?&]show=([a-z]+)(?:&|$)/.exec(location.search);
    return asked && FACES.indexOf(asked[1]) >= 0 ? asked[1] : '';
  }

  /* A person may open a face that is not ready: he sees for himself what it lacks. */
  document.addEventListener('click', function (event) {
    var name = event.target.closest && event.target.closest('.faces [data-face-key]');
    if (name) turn(name.dataset.faceKey);
  });
  document.addEventListener('keydown', function (event) {
    var face = FACES[Number(event.key) - 1];
    if (!face || event.altKey || event.ctrlKey || event.metaKey || !onWall() || document.querySelector('.proof')) return;
    if (event.target.closest && event.target.closest('input, textarea, select, [contenteditable]')) return;
    turn(face);
  });
  document.addEventListener('mousemove', function () { root.classList.add('touched'); }, { passive: true });
  window.addEventListener('panorama:shown', function () { mark(); rest(); });

  root.dataset.face = named() || HOME;
  panorama.faces = { keys: FACES, current: current, show: show };
})();
