/* Puts the theme of the address on the root element before anything is drawn. A file, not inline: the content policy allows no inline script. */
(function () {
  var asked = /[?&]theme=(dark|light|print)(?:&|$)/.exec(location.search);
  document.documentElement.dataset.theme = asked ? asked[1] : /^\/wall(\/|$)/.test(location.pathname) ? 'dark' : 'light';
})();
