// place.js - what is looked at, kept in the address after "#", so that a link
// or "back" shows the same again.
import { useEffect, useState } from "preact/hooks";

export const RANGES = { "15m": "15 min", "1h": "1 h", "6h": "6 h", "24h": "24 h", "7d": "7 d", "30d": "30 d" };
const UNITS = { m: 60e3, h: 3600e3, d: 86400e3 };
export const rangeMs = range => parseInt(range, 10) * UNITS[range.at(-1)];
const USUAL = { service: "", family: "", range: "6h", at: "" };

function read() {
	const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
	const [page, ...rest] = path.split("/");
	let name = "";
	try {
		name = decodeURIComponent(rest.join("/"));
	} catch {
		name = "";
	}
	const place = { page, name, ...USUAL };
	for (const [key, value] of new URLSearchParams(query))
		if (key in USUAL)
			place[key] = value;
	if (!(place.range in RANGES))
		place.range = USUAL.range;
	if (!["4", "6"].includes(place.family))
		place.family = "";
	if (Number.isNaN(Date.parse(place.at)))
		place.at = "";
	return place;
}

/* The address of a place like this one, but for what changes. */
export function address(place, changes = {}) {
	const to = { ...place, ...changes };
	const query = new URLSearchParams();
	for (const key of Object.keys(USUAL))
		if (to[key] !== USUAL[key])
			query.set(key, to[key]);
	return `#/${to.page}${to.name ? "/" + encodeURIComponent(to.name) : ""}` +
		(query.size ? `?${query}` : "");
}

export function usePlace() {
	const [place, setPlace] = useState(read);

	useEffect(() => {
		const on = () => setPlace(read());
		addEventListener("hashchange", on);
		return () => removeEventListener("hashchange", on);
	}, []);
	/* Small steps, such as of the cursor, are no pages to come back to. */
	const go = changes => {
		const hash = address(read(), changes);
		if (hash === location.hash)
			return;
		history.replaceState(null, "", hash);
		setPlace(read());
	};
	return [place, go];
}
