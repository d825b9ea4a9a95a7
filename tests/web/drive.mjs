// drive.mjs - a browser on a dashboard, told by lines what to do.
//
// usage: node drive.mjs CHROMIUM URL
//
// Reads a JSON object per line, {"do": NAME, ...}, and answers each with one:
// what was asked for, or {"error": "..."}.  Keeps what must not happen: errors
// on the console or in the page, and requests to anywhere but URL.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [, , program, url] = process.argv;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const home = new URL(url).origin;
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
const faults = { console: [], page: [], elsewhere: [] };
const PATIENCE_MS = 60000;
let page;

async function open({ width = 1280, height = 900, scheme = "light", at = "" }) {
	await page?.context().close();
	const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce",
		ignoreHTTPSErrors: true }); /* a test's own authority */
	page = await context.newPage();
	page.setDefaultTimeout(PATIENCE_MS);
	page.on("console", m => m.type() === "error" && faults.console.push(m.text()));
	page.on("pageerror", e => faults.page.push(String(e)));
	page.on("request", r => new URL(r.url()).origin !== home && faults.elsewhere.push(r.url()));
	await page.goto(url + at);
	await page.waitForSelector("main :is(.map, h1)");
}

/* How many vantages of the map stand for landings at each site. */
const onMap = () => page.$$eval(".map .vantage", marks => marks.reduce((sum, m) => {
	sum[m.dataset.site] = (sum[m.dataset.site] ?? 0) + Number(m.dataset.n);
	return sum;
}, {}));

const commands = {
	open,
	map: onMap,
	/* Until the map shows n vantages at a site; answers how long that took. */
	async waitMap({ site, n }) {
		const from = performance.now();
		await page.waitForFunction(([s, want]) => [...document.querySelectorAll(".map .vantage")]
			.filter(m => m.dataset.site === s).reduce((sum, m) => sum + Number(m.dataset.n), 0) === want, [site, n]);
		return { ms: performance.now() - from };
	},
	/* Until the map shows fewer than n at a site. */
	waitFewer: ({ site, n }) => page.waitForFunction(([s, less]) => document.querySelector(".map .vantage") &&
		[...document.querySelectorAll(".map .vantage")].filter(m => m.dataset.site === s)
			.reduce((sum, m) => sum + Number(m.dataset.n), 0) < less, [site, n]).then(() => ({ at_ms: Date.now() })),
	async press({ keys }) {
		for (const key of keys)
			await page.keyboard.press(key);
	},
	/* By the tab key alone, until what has the focus matches. */
	async tabTo({ selector, most = 80 }) {
		for (let i = 1; i <= most; i++) {
			await page.keyboard.press("Tab");
			if (await page.evaluate(s => document.activeElement.matches(s), selector))
				return { tabs: i };
		}
		throw new Error(`${most} tabs do not reach ${selector}`);
	},
	waitFor: ({ selector, text }) => page.locator(selector, text ? { hasText: text } : {}).first().waitFor({ state: "attached" }),
	text: ({ selector }) => page.locator(selector).first().innerText(),
	attribute: ({ selector, name }) => page.locator(selector).first().getAttribute(name),
	evaluate: ({ code }) => page.evaluate(code),
	async audit() {
		/* By the debugger: the page's own policy lets no script be added. */
		await page.evaluate(axe + ";0");
		const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
		return found.violations.map(v => ({ id: v.id, impact: v.impact, help: v.help,
			nodes: v.nodes.slice(0, 3).map(n => `${n.target.join(" ")} ${n.failureSummary}`) }));
	},
	figures: () => page.evaluate(() => ({
		paint_ms: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
		bytes: performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
			.filter(r => !new URL(r.name).pathname.startsWith("/v1/")).reduce((sum, r) => sum + r.encodedBodySize, 0),
	})),
	overflow: () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
	async shot({ path, whole = true }) {
		await page.screenshot({ path, fullPage: whole });
	},
	faults: () => faults,
};

for await (const line of createInterface({ input: process.stdin })) {
	const order = JSON.parse(line);
	try {
		process.stdout.write(JSON.stringify(await commands[order.do](order) ?? {}) + "\n");
	} catch (error) {
		process.stdout.write(JSON.stringify({ error: String(error) }) + "\n");
	}
}
await browser.close();
