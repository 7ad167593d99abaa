/* The namespace of our components, the functions that chart options may name, and what several components ask about the screen. */
(function () {
  var panorama = window.panorama = window.panorama || {};

  panorama.functions = {
    thousands: function (item) { return panorama.thousands(Array.isArray(item.value) ? item.value[1] : item.value); }
  };
  panorama.thousands = function (number) {
    return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',');
  };

  /* Server time minus browser time in ms: a wall's own clock may be wrong, and freshness must not depend on it. */
  panorama.offset = 0;
  panorama.now = function () { return Date.now() + panorama.offset; };
  /* HH:MM in Asia/Shanghai. */
  panorama.minute = function () { return new Date(panorama.now() + 8 * 3600000).toISOString().slice(11, 16); };

  panorama.rootSize = function () { return parseFloat(getComputedStyle(document.documentElement).fontSize); };
  /* Two of the scale modes (35-scale.js) show the 16:9 composition on a wide screen too. */
  panorama.isWide = function () {
    return !/^(width|stretch)$/.test(document.documentElement.dataset.scale) && matchMedia('(min-aspect-ratio: 3/1)').matches;
  };
  panorama.isStill = function () { return matchMedia('(prefers-reduced-motion: reduce)').matches; };

  /* 10 % either side, so that screens which started together do not ask together. */
  panorama.jitter = function (ms) { return Math.round(ms * (0.9 + Math.random() * 0.2)); };
})();
