/* Reads JavaScript files with acorn as the given year's language: node read_scripts.cjs YEAR FILE… prints each fault on a line of its own. */
const acorn = require('acorn');
const fs = require('fs');

const [year, ...files] = process.argv.slice(2);
for (const file of files) {
  try {
    acorn.parse(fs.readFileSync(file, 'utf8'), { ecmaVersion: Number(year), sourceType: 'script' });
  } catch (fault) {
    console.log(`${file}: ${fault.message}`);
  }
}
