// vantage.jsx - one vantage: where it landed and when, how far, by what path.
import { get, useAnswer } from "./api.js";
import { PathPair } from "./events.jsx";
import { SiteName } from "./marks.jsx";
import { lasted, millis, tick, time, words } from "./format.js";
import { address, rangeMs, RANGES } from "./place.js";
import { useWidth } from "./timeline.jsx";

const STRIP = 720, HEIGHT = 150, LEFT = 56, BOTTOM = 18, EVENTS_LOOKED_AT = 6;

function line(rows, x, y, key) {
	return rows.map((r, i) => `${i === 0 ? "M" : "L"}${x(r.t).toFixed(1)},${y(r[key]).toFixed(1)}`).join("");
}

/* The median, and a band up to the 90th of a hundred. */
function Rtt({ rows }) {
	const [ref, WIDTH] = useWidth();
	const known = rows.filter(r => r.rtt_median_us != null).map(r => ({ ...r, t: Date.parse(r.at) }));
	if (known.length < 2)
		return <p class="quiet" ref={ref}>Not enough answers in this time for a plot.</p>;
	const from = known[0].t, to = known.at(-1).t;
	const top = 1.1 * Math.max(...known.map(r => r.rtt_p90_us ?? r.rtt_median_us));
	const x = t => LEFT + (WIDTH - LEFT - 8) * (t - from) / Math.max(1, to - from);
	const y = us => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 8) * us / top;
	const band = line(known, x, y, "rtt_p90_us") + [...known].reverse().map(r => `L${x(r.t).toFixed(1)},${y(r.rtt_min_us).toFixed(1)}`).join("") + "Z";
	return <div ref={ref}><svg class="rtt" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img"
		aria-label={`Round trips from ${time(known[0].at)} to ${time(known.at(-1).at)}: median ${millis(known.at(-1).rtt_median_us)} at the end`}>
		{[0, 0.5, 1].map(p => <g key={p} class="tick"><line x1={LEFT} x2={WIDTH - 8} y1={y(p * top)} y2={y(p * top)} />
			<text class="axis" x={LEFT - 5} y={y(p * top) + 4}>{millis(p * top)}</text></g>)}
		<path class="band" d={band} /><path class="median" d={line(known, x, y, "rtt_median_us")} />
		{[from, (from + to) / 2, to].map((t, i) => <text key={i} class="at" x={x(t)} y={HEIGHT - 4} text-anchor={["start", "middle", "end"][i]}>{tick(t, (to - from) / 6)}</text>)}
	</svg></div>;
}

/* What held when, as a strip. */
function Strip({ rows, marks, range }) {
	const now = Date.now();
	const from = now - rangeMs(range);
	const x = t => STRIP * (Math.max(t, from) - from) / (now - from);
	return <svg class="strip" viewBox={`0 0 ${STRIP} 22`} preserveAspectRatio="none" aria-hidden="true">
		{rows.map((r, i) => <rect key={i} class={`fill-${marks(r.state === "stable" ? r.site : `(${r.state})`).colour}`} y="1" height="20"
			x={x(Date.parse(r.since))} width={Math.max(1, x(r.until ? Date.parse(r.until) : now) - x(Date.parse(r.since)))} />)}
	</svg>;
}

function Journal({ rows, marks }) {
	return <div class="scroll" tabindex="0" role="region" aria-label="Landing journal"><table>
		<thead><tr><th scope="col">Since</th><th scope="col">Until</th><th scope="col">For</th><th scope="col">Landed at</th><th scope="col">Target</th>
			<th scope="col" class="number">Answers</th><th scope="col" class="number">Round trip</th><th scope="col">Confidence</th></tr></thead>
		<tbody>{[...rows].reverse().map((r, i) => <tr key={i}><td>{time(r.since)}</td><td>{r.until ? time(r.until) : "now"}</td>
			<td>{lasted((r.until ? Date.parse(r.until) : Date.now()) - Date.parse(r.since))}</td>
			<td>{r.state === "stable" ? <SiteName name={r.site} marks={marks} /> : <>{words(r.state)}{r.site && ` (last ${r.site})`}</>}</td>
			<td>{r.target}</td><td class="number">{r.n}</td><td class="number">{millis(r.rtt_mean_us)}</td><td>{words(r.confidence)}</td></tr>)}</tbody>
	</table></div>;
}

/* The paths of the last event that this vantage had a say in. */
async function lastPaths(name) {
	const events = (await get("v1/events", { since: "-30d" })).filter(e => e.kind === "shift" || e.kind === "blackhole");
	for (const e of events.slice(0, EVENTS_LOOKED_AT)) {
		const whole = await get("v1/event", { id: e.id });
		const vote = whole.votes.find(v => v.vantage === name);
		if (vote)
			return { event: e, vote };
	}
	return { event: null, vote: null };
}

export function VantagePage({ place, news, marks }) {
	const name = place.name, since = `-${place.range}`;
	const { data: all } = useAnswer(() => get("v1/vantages"), [name, news.minute]);
	const { data: rows, error } = useAnswer(() => get("v1/landing", { vantage: name, since }), [name, since, news.landings]);
	const { data: history } = useAnswer(() => get("v1/history", { vantage: name, since }), [name, since, news.minute]);
	const { data: paths } = useAnswer(() => lastPaths(name), [name, news.events]);
	const row = all?.find(v => v.vantage === name);
	const target = new Map();
	for (const r of history ?? [])
		target.set(r.target, [...(target.get(r.target) ?? []), r]);
	return <>
		<section class="panel">
			<h1>Vantage <span class="bytes">{name}</span></h1>
			{error && <p role="alert">{error.message}</p>}
			{row && <dl class="facts">
				<div><dt>Network</dt><dd>{row.asn ? `AS${row.asn}` : "–"}</dd></div>
				<div><dt>Country</dt><dd>{row.country ?? "–"}</dd></div>
				<div><dt>State</dt><dd>{words(row.state)}{row.reason && `: ${row.reason}`}</dd></div>
				<div><dt>Between</dt><dd>{row.between ? words(row.between) : "nothing seen"}</dd></div>
				<div><dt>Heard</dt><dd>{time(row.received)}</dd></div>
				<div><dt>Clock off</dt><dd>{millis(row.clock_offset_us)}</dd></div>
				<div><dt>Program</dt><dd>{row.version ?? "–"}</dd></div>
			</dl>}
		</section>
		<section class="panel"><h2>Where it landed <span class="quiet">in the last {RANGES[place.range]}</span></h2>
			{rows?.length > 0 && <><Strip rows={rows} marks={marks} range={place.range} /><Journal rows={rows} marks={marks} /></>}
			{rows?.length === 0 && <p class="quiet">No landing in this time.</p>}
		</section>
		<section class="panel"><h2>Round trips</h2>
			{[...target].map(([at, of]) => <div key={at}><h3 class="bytes">{at}</h3><Rtt rows={of} /></div>)}
			{history && target.size === 0 && <p class="quiet">No statistics in this time yet.</p>}
		</section>
		<section class="panel"><h2>Paths before and after</h2>
			{paths?.vote && <><p>At <a href={address(place, { page: "event", name: String(paths.event.id) })}>event {paths.event.id}</a>: {paths.event.summary}</p>
				<div class="scroll" tabindex="0" role="region" aria-label="Paths"><PathPair before={paths.vote.path_before} during={paths.vote.path_during} /></div></>}
			{paths && !paths.vote && <p class="quiet">It had no say in a recent event.</p>}
		</section>
	</>;
}
