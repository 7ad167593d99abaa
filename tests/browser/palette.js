/* Turns a screenshot (base64 PNG) into rows of palette indexes: {width, height, palette: [r, g, b, …], rows: base64 of deflated rows}. */
async (source) => {
  const MOST = 256;
  const bitmap = await createImageBitmap(await (await fetch('data:image/png;base64,' + source)).blob());
  const width = bitmap.width, height = bitmap.height, canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer), counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);

  /* The most frequent colour of each small cube of the colour room; of these the most frequent. */
  const cubes = new Map(), parts = (pixel) => [pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255];
  for (const [pixel, count] of counts) {
    const cube = parts(pixel).reduce((key, part) => key * 32 + (part >> 3), 0), known = cubes.get(cube) || { count: 0, most: 0 };
    known.count += count;
    if (count > known.most) { known.most = count; known.pixel = pixel; }
    cubes.set(cube, known);
  }
  const palette = [...cubes.values()].sort((a, b) => b.count - a.count).slice(0, MOST).map((cube) => parts(cube.pixel));

  const nearest = new Map();
  for (const pixel of counts.keys()) {
    const [r, g, b] = parts(pixel);
    let best = 0, least = Infinity;
    palette.forEach(([pr, pg, pb], i) => {
      const far = 2 * (r - pr) ** 2 + 4 * (g - pg) ** 2 + 3 * (b - pb) ** 2;
      if (far < least) { least = far; best = i; }
    });
    nearest.set(pixel, best);
  }
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0, at = 0, from = 0; y < height; y += 1) {
    rows[at++] = 0;
    for (let x = 0; x < width; x += 1) rows[at++] = nearest.get(pixels[from++]);
  }
  const packed = new Uint8Array(await new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream('deflate'))).arrayBuffer());
  let text = '';
  for (let i = 0; i < packed.length; i += 32768) text += String.fromCharCode(...packed.subarray(i, i + 32768));
  return { width, height, palette: palette.flat(), rows: btoa(text) };
}
