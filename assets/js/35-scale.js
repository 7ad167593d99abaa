/* How the wall is scaled to its screen: 等比 fit, 宽度优先 width, 拉伸 stretch or 不缩放 none; by ?scale= or by the screen's setting. */
(function () {
  var panorama = window.panorama, root = document.documentElement;
  var KEY = 'panorama-scale', MODES = /^(fit|width|stretch|none)$/, COLUMNS = 120, ROWS = 67.5, wideRules = null;

  /* A browser that may keep nothing scales by what it hears next. */
  function remembered() {
    try { return localStorage.getItem(KEY); } catch (no) { return null; }
  }
  function remember(mode) {
    try {
      if (mode) localStorage.setItem(KEY, mode); else localStorage.removeItem(KEY);
    } catch (no) { /* as above */ }
  }
  function wanted() {
    var asked = /[?&]scale=([a-z]+)(?:&|$)/.exec(location.search);
    return [asked && asked[1], remembered()].filter(function (mode) { return MODES.test(mode); })[0] || 'fit';
  }

  /* The sheets choose the wide composition by the screen's shape. Two modes show the page of 120 rem on every screen: for
     them those rules are put out of force, and into force again when the mode changes. */
  function found() {
    return Array.from(document.styleSheets).reduce(function (all, sheet) {
      return all.concat(Array.from(sheet.cssRules).filter(function (rule) {
        return rule.media && /min-aspect-ratio:\s*3/.test(rule.media.mediaText);
      }).map(function (rule) { return { rule: rule, media: rule.media.mediaText }; }));
    }, []);
  }
  function compose(wide) {
    wideRules = wideRules || found();
    wideRules.forEach(function (one) { one.rule.media.mediaText = wide ? one.media : 'not all'; });
  }

  /* Of a stretched page only one side is really stretched: its root size makes the other one fit. */
  function stretch() {
    root.style.setProperty('--stretch-across', innerWidth / (COLUMNS * panorama.rootSize()));
    root.style.setProperty('--stretch-down', innerHeight / (ROWS * panorama.rootSize()));
  }

  function apply() {
    var mode = wanted();
    if (root.dataset.scale !== mode) {
      root.dataset.scale = mode;
      compose(mode === 'fit' || mode === 'none');
      scrollTo(0, 0);
      window.dispatchEvent(new Event('panorama:scale'));
    }
    stretch();
  }

  /* How much taller than its font size a text is on the screen. */
  panorama.tallness = function () {
    return root.dataset.scale === 'stretch' ? parseFloat(root.style.getPropertyValue('--stretch-down')) || 1 : 1;
  };

  window.addEventListener('panorama:programme', function (event) {
    remember(event.detail && MODES.test(event.detail.scale) ? event.detail.scale : null);
    apply();
  });
  window.addEventListener('resize', stretch);
  /* The layout of the page, and with it the root size, is set after this script has run. */
  new MutationObserver(stretch).observe(root, { attributes: true, attributeFilter: ['data-layout'] });
  apply();
})();
