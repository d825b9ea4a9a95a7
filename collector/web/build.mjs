// build.mjs - the dashboard as a C file: bundled, packed, one table.
//
// usage: node build.mjs FILE.c
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const TYPES = {
	html: "text/html; charset=utf-8",
	js: "text/javascript; charset=utf-8",
	css: "text/css; charset=utf-8",
	svg: "image/svg+xml",
	txt: "text/plain; charset=utf-8",
};

const bundle = await esbuild.build({
	entryPoints: ["src/app.jsx", "src/style.css"],
	outdir: "out",
	write: false,
	bundle: true,
	minify: true,
	metafile: true,
	format: "esm",
	target: ["chrome109", "firefox115", "safari16"],
	jsx: "automatic",
	jsxImportSource: "preact",
	legalComments: "none",
	logLevel: "warning",
});

/* What the bundle holds of others, with their names and terms. */
function licences() {
	const names = new Set(Object.keys(bundle.metafile.inputs)
		.map(path => path.match(/^node_modules\/((@[^/]+\/)?[^/]+)/)?.[1])
		.filter(Boolean));
	return [...names].sort().map(name => {
		const folder = `node_modules/${name}`;
		const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`));
		const file = ["LICENSE", "LICENSE.md", "LICENSE.txt"]
			.map(f => `${folder}/${f}`).find(existsSync);
		return `${name} ${version} (${license})\n\n` +
			(file ? readFileSync(file, "utf8") : "");
	}).join("\n----\n\n");
}

const files = [
	["/", "html", readFileSync("src/index.html")],
	["/icon.svg", "svg", readFileSync("src/icon.svg")],
	["/licences.txt", "txt", Buffer.from(licences())],
	...bundle.outputFiles.map(f => {
		const name = f.path.split("/").pop();
		return [`/${name}`, name.split(".").pop(), Buffer.from(f.contents)];
	}),
];

function lines(bytes) {
	const out = [];
	for (let i = 0; i < bytes.length; i += 20)
		out.push("\t" + [...bytes.subarray(i, i + 20)].join(", ") + ",");
	return out.join("\n");
}

let arrays = "", rows = "", total = 0;
files.forEach(([path, kind, bytes], i) => {
	const gzip = gzipSync(bytes, { level: 9 });
	const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
	total += gzip.length;
	arrays += `static const unsigned char file_${i}[] = {\n${lines(gzip)}\n};\n`;
	rows += `\t{ "${path}", "${TYPES[kind]}", "${etag}", file_${i}, ` +
		`${gzip.length}, ${bytes.length} },\n`;
});
writeFileSync(process.argv[2], `/* Made by collector/web/build.mjs. */
#include "collector/web.h"

${arrays}
const struct web_file web_files[] = {
${rows}};
const size_t n_web_files = ${files.length};
`);
console.log(`dashboard: ${files.length} files, ${total} bytes packed`);
