// api.js - asks the collector; what it answers is data, never markup.
import { useEffect, useRef, useState } from "preact/hooks";

export async function get(path, params = {}) {
	const query = Object.entries(params)
		.filter(([, value]) => value !== "" && value != null && value !== false)
		.map(([name, value]) => `${name}=${encodeURIComponent(value === true ? "1" : value)}`)
		.join("&");
	const answer = await fetch(path + (query ? `?${query}` : ""), { headers: { Accept: "application/json" } });
	const body = await answer.json().catch(() => ({}));
	if (!answer.ok)
		throw new Error(body.error || `${answer.status} ${answer.statusText}`);
	return body;
}

/* What `ask` promises, anew whenever one of keys changes; what was known
 * before stays until then.  Nothing is asked while ask is null. */
export function useAnswer(ask, keys) {
	const [state, setState] = useState({ data: null, error: null });
	const last = useRef(0);

	useEffect(() => {
		if (!ask)
			return;
		const mine = ++last.current;
		ask().then(data => mine === last.current && setState({ data, error: null }),
			error => mine === last.current && setState(s => ({ ...s, error })));
	}, keys);
	return state;
}

const REST_MS = 2000;    /* between two times that news makes us ask */
const SILENCE_MS = 25000; /* the collector answers within 15 s, news or not */

/* Calls back at once, and then at most every REST_MS with the latest. */
function rested(callback) {
	let timer = null, waiting = null;
	const run = () => {
		timer = null;
		if (waiting === null)
			return;
		const latest = waiting;
		waiting = null;
		callback(latest);
		timer = setTimeout(run, REST_MS);
	};
	const take = latest => {
		waiting = latest;
		if (timer === null)
			run();
	};
	return [take, () => clearTimeout(timer)];
}

/* The counters of what has changed; and whether the collector is heard: "live",
 * "connecting" or "not connected". */
export function useNews() {
	const [news, setNews] = useState({ landings: 0, sites: 0, events: "", minute: 0 });
	const [state, setState] = useState("connecting");

	useEffect(() => {
		let source, again, silence;
		const [take, forget] = rested(latest => setNews(n => ({ ...n, ...latest })));
		const heard = () => {
			setState("live");
			clearTimeout(silence);
			silence = setTimeout(() => setState("not connected"), SILENCE_MS);
		};
		const open = () => {
			source = new EventSource("v1/stream");
			source.addEventListener("open", heard);
			source.addEventListener("news", e => take(JSON.parse(e.data)));
			source.addEventListener("error", () => {
				if (source.readyState !== EventSource.CLOSED)
					return; /* the end of one answer: it comes back by itself */
				setState("not connected");
				again = setTimeout(open, 3000);
			});
		};
		const minute = setInterval(() => setNews(n => ({ ...n, minute: n.minute + 1 })), 30e3);
		open();
		return () => {
			source.close();
			forget();
			clearTimeout(again);
			clearTimeout(silence);
			clearInterval(minute);
		};
	}, []);
	return [news, state];
}
