/* Elements outside of what Dash keeps: how the sheet of proofs and the bar of past moments are built. Children are texts or elements. */
(function () {
  var panorama = window.panorama;

  function add(element, children) {
    children.forEach(function (child) { if (child !== null && child !== undefined) element.append(child); });
  }

  panorama.make = function (tag, cls) {
    var element = document.createElement(tag);
    if (cls) element.className = cls;
    add(element, Array.prototype.slice.call(arguments, 2));
    return element;
  };

  /* In place of what the element held. */
  panorama.fill = function (element) {
    element.textContent = '';
    add(element, Array.prototype.slice.call(arguments, 1));
  };

  panorama.button = function (words, cls, act) {
    var made = panorama.make('button', cls, words);
    made.type = 'button';
    made.addEventListener('click', act);
    return made;
  };
})();
