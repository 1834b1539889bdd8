// Bundles scripts and styles, makes the icon sprite, and writes manifest.json: name -> hashed file, sizes, integrity.
// Started by formwright.assets_build with the repository as working directory.
//
// A server may be serving from the output folder meanwhile. So new files are added first, the manifest then changes in
// one rename, and only after that the files it no longer names are removed.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

const OUT = "platform/formwright/static/dist";
// A page names these; everything else is reached from them by import or import().
const ENTRIES = ["frontend/js/app.js", "frontend/js/passkeys.js", "frontend/css/app.css"];
const ICONS = "@iconify-json/tabler";

const kept = new Set([".stamp"]);

function emit(file, content) {
  const bytes = Buffer.from(content);
  writeFileSync(path.join(OUT, file), bytes);
  kept.add(file);
  const packed = gzipSync(bytes, { level: 9 });
  if (!file.endsWith(".map")) {
    writeFileSync(path.join(OUT, `${file}.gz`), packed);
    kept.add(`${file}.gz`);
  }
  const sri = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  return { file, bytes: bytes.length, gz: packed.length, sri };
}

function iconNames() {
  const lines = readFileSync("frontend/icons.txt", "utf8").split("\n");
  const words = lines.flatMap((line) => line.replace(/#.*/, "").split(/\s+/)).filter(Boolean);
  return [...new Set(words)].sort();
}

function sprite() {
  const set = JSON.parse(readFileSync(`node_modules/${ICONS}/icons.json`, "utf8"));
  const size = `0 0 ${set.width ?? 24} ${set.height ?? 24}`;
  const unknown = iconNames().filter((name) => !set.icons[name]);
  if (unknown.length) throw new Error(`frontend/icons.txt: not in ${ICONS}: ${unknown.join(", ")}`);
  const symbols = iconNames().map((name) => `<symbol id="${name}" viewBox="${size}">${set.icons[name].body}</symbol>`);
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

function notices(inputs) {
  const shipped = new Set([ICONS]);
  for (const input of inputs) {
    const match = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/);
    if (match) shipped.add(match[1]);
  }
  const parts = [...shipped].sort().map((name) => {
    const folder = `node_modules/${name}`;
    const about = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
    const body = texts.map((file) => readFileSync(`${folder}/${file}`, "utf8").trim());
    if (name === ICONS) {
      // The icon set is repackaged without its licence file; this names the author and where the text stands.
      const { author, license } = JSON.parse(readFileSync(`${folder}/info.json`, "utf8"));
      body.push(`Copyright ${author.name} (${author.url})\n${license.title}: ${license.url}`);
    }
    return `${name} ${about.version} (${about.license})\n\n${body.join("\n\n")}\n`;
  });
  return parts.join(`\n${"-".repeat(72)}\n\n`);
}

mkdirSync(OUT, { recursive: true });

const result = await build({
  entryPoints: ENTRIES,
  outdir: OUT,
  bundle: true,
  minify: true,
  sourcemap: "linked",
  format: "esm",
  splitting: true,
  target: "es2022",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".svg": "file", ".png": "file", ".woff2": "file" },
  metafile: true,
  legalComments: "eof",
  logLevel: "error",
  write: false,
});

const written = new Map();
for (const output of result.outputFiles) {
  const file = path.basename(output.path);
  written.set(file, emit(file, output.contents));
}

const manifest = {};
for (const [output, meta] of Object.entries(result.metafile.outputs)) {
  const file = path.basename(output);
  if (file.endsWith(".map")) continue;
  // A part reached by import() has an entry point as well; its page name is the file's own.
  const name = ENTRIES.includes(meta.entryPoint) ? path.basename(meta.entryPoint) : file;
  const imports = meta.imports.filter((part) => part.kind === "import-statement").map((part) => path.basename(part.path));
  manifest[name] = { ...written.get(file), imports };
}

const icons = sprite();
const mark = createHash("sha256").update(icons).digest("hex").slice(0, 8).toUpperCase();
manifest["icons.svg"] = { ...emit(`icons-${mark}.svg`, icons), imports: [] };

writeFileSync(path.join(OUT, "THIRD_PARTY.txt"), notices(Object.keys(result.metafile.inputs)));
kept.add("THIRD_PARTY.txt");

const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path.join(OUT, "manifest.json.new"), `${JSON.stringify(sorted, null, 1)}\n`);
renameSync(path.join(OUT, "manifest.json.new"), path.join(OUT, "manifest.json"));
kept.add("manifest.json");

for (const file of readdirSync(OUT)) {
  if (!kept.has(file) && existsSync(path.join(OUT, file))) rmSync(path.join(OUT, file), { recursive: true });
}
