/* Puts the theme's colours, this screen's lengths and this panel's crop in place of the markers of a chart option. */
(function () {
  var panorama = window.panorama;

  /* What markers are resolved against; taken anew for each drawing, because theme and size may have changed. */
  panorama.surroundings = function (element, crop) {
    var style = getComputedStyle(document.documentElement), wide = panorama.isWide();
    var need = crop && (wide && crop.wide || crop.base);
    return {
      style: style, rem: parseFloat(style.fontSize), wide: wide, still: panorama.isStill(),
      width: element.clientWidth, box: need && widened(need, element.clientWidth, element.clientHeight)
    };
  };

  /* The smallest box of the panel's shape around what must be seen: [[left, top], [right, bottom]] in map units. */
  function widened(need, width, height) {
    var w = need[2] - need[0], h = need[3] - need[1], x = (need[0] + need[2]) / 2, y = (need[1] + need[3]) / 2;
    if (w / h < width / height) w = h * width / height; else h = w * height / width;
    return [[x - w / 2, y + h / 2], [x + w / 2, y - h / 2]];
  }

  function within(point, box) {
    return point[0] > box[0][0] && point[0] < box[1][0] && point[1] < box[0][1] && point[1] > box[1][1];
  }

  function atEdge(side, inset, around) {
    var box = around.box, unit = (box[1][0] - box[0][0]) / around.width * around.rem * inset;
    return { left: box[0][0] + unit, right: box[1][0] - unit, top: box[0][1] - unit, bottom: box[1][1] + unit }[side];
  }

  var markers = {
    __token__: function (name, around) { return around.style.getPropertyValue('--' + name).trim(); },
    __rem__: function (size, around) { return size * around.rem; },
    __fn__: function (name) { return panorama.functions[name]; },
    __by__: function (choice, around) { return panorama.resolve(around.wide ? choice.wide : choice.base, around); },
    __crop__: function (_, around) { return around.box; },
    __edge__: function (place, around) { return atEdge(place[0], place[1], around); },
    __motion__: function (_, around) { return !around.still; }
  };

  /* A list item may carry __when__: {seen: [x, y]} or {unseen: [x, y]}; it stays only where that point is in (out of) the crop. */
  function belongs(item, around) {
    var when = item && item.__when__;
    if (!when) return true;
    return when.seen ? within(when.seen, around.box) : !within(when.unseen, around.box);
  }

  panorama.resolve = function (node, around) {
    if (Array.isArray(node)) {
      return node.filter(function (item) { return belongs(item, around); })
        .map(function (item) { return panorama.resolve(item, around); });
    }
    if (!node || typeof node !== 'object') return node;
    var keys = Object.keys(node);
    if (keys.length === 1 && markers.hasOwnProperty(keys[0])) return markers[keys[0]](node[keys[0]], around);
    return keys.reduce(function (result, key) {
      if (key !== '__when__') result[key] = panorama.resolve(node[key], around);
      return result;
    }, {});
  };
})();
