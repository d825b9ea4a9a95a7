// format.js - numbers and times as people read them.

const two = n => String(n).padStart(2, "0");

/* "2026-11-21 08:00:05", in UTC: what the command line prints too. */
export function time(iso) {
	if (!iso)
		return "–";
	const d = new Date(iso);
	return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ` +
		`${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
}

/* Of a time axis whose marks are step apart. */
export function tick(ms, step) {
	const d = new Date(ms);
	if (step >= 86400e3 || (d.getUTCHours() === 0 && d.getUTCMinutes() === 0 && d.getUTCSeconds() === 0))
		return `${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
	return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}` +
		(step < 60e3 ? `:${two(d.getUTCSeconds())}` : "");
}

/* "3m 20s" of milliseconds. */
export function lasted(ms) {
	const s = Math.round(ms / 1000);
	if (s < 60)
		return `${s}s`;
	if (s < 3600)
		return `${Math.floor(s / 60)}m ${s % 60}s`;
	if (s < 86400)
		return `${Math.floor(s / 3600)}h ${Math.floor(s / 60) % 60}m`;
	return `${Math.floor(s / 86400)}d ${Math.floor(s / 3600) % 24}h`;
}

export const millis = us => us == null ? "–" : `${(us / 1000).toFixed(1)} ms`;
export const percent = (n, of) => of > 0 ? `${(100 * n / of).toFixed(1)} %` : "–";
export const count = (n, word, plural = word + "s") => `${n} ${n === 1 ? word : plural}`;

/* "snake_case" of the API as words. */
export const words = text => String(text).replaceAll("_", " ");
