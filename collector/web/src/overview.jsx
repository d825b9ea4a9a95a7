// overview.jsx - the first page: map, sites, timeline, events, flows.
import { get, useAnswer } from "./api.js";
import { EventList } from "./events.jsx";
import { Flows } from "./flows.jsx";
import { WorldMap } from "./map.jsx";
import { SiteName } from "./marks.jsx";
import { isBad, isOdd, Sites } from "./sites.jsx";
import { ShareTable, Timeline } from "./timeline.jsx";
import { count, millis, time } from "./format.js";
import { address, RANGES } from "./place.js";

const EVENTS_SHOWN = 12;

const groupOf = l => !l.is_trusted ? "(quarantined)" : l.state === "stable" ? l.site : `(${l.state})`;

/* One sentence for 3 a.m. */
function Summary({ open, sites, nLanded }) {
	const bad = sites.filter(s => isBad(s.verdict)), odd = sites.filter(s => isOdd(s.verdict));
	const state = bad.length > 0 || open.some(e => e.severity === "critical") ? "bad"
		: open.length > 0 || odd.length > 0 ? "odd" : "good";
	const said = [...bad, ...odd].map(s => `${s.site}/${s.family} ${s.verdict.replaceAll("_", " ")}`);
	const verdicts = said.length > 3 ? `${said.slice(0, 3).join(", ")} and ${said.length - 3} more` : said.join(", ");
	const nSites = new Set(sites.map(s => s.site)).size;
	return <p class={`summary ${state}`}><span class="sign" aria-hidden="true">{{ bad: "✗", odd: "!", good: "✓" }[state]}</span>
		<span class="headline">{open.length > 0 ? `${count(open.length, "open event")}: ${open[0].summary}${open.length > 1 ? ", …" : ""}` : verdicts || "All well"}</span>
		<span class="quiet">{open.length > 0 ? verdicts && `${verdicts}; ` : "no open events; "}{count(nSites, "site")}, {count(nLanded, "landing")}</span>
	</p>;
}

function VantageTable({ landings, marks, place }) {
	return <details><summary>The vantages as a table ({landings.length})</summary>
		<div class="scroll" tabindex="0" role="region" aria-label="Vantages"><table>
			<thead><tr><th scope="col">Vantage</th><th scope="col">Network</th><th scope="col">Country</th><th scope="col">Lands at</th><th scope="col">Since</th><th scope="col" class="number">Round trip</th></tr></thead>
			<tbody>{landings.slice(0, 500).map(l => <tr key={`${l.vantage} ${l.target}`} data-vantage={l.vantage}>
				<th scope="row"><a href={address(place, { page: "vantage", name: l.vantage })}>{l.vantage}</a></th>
				<td>{l.asn ? `AS${l.asn}` : "–"}</td><td>{l.country ?? "–"}</td><td><SiteName name={l.group} marks={marks} /></td>
				<td>{time(l.since)}</td><td class="number">{millis(l.rtt_mean_us)}</td></tr>)}</tbody>
		</table></div>
		{landings.length > 500 && <p class="quiet">The first 500; <code>catchwater catchment --json</code> has all.</p>}
	</details>;
}

export function Overview({ place, go, news, marks, sites, service }) {
	const of = { service, family: place.family };
	const keys = [service, place.family];
	const { data: catchment } = useAnswer(service ? () => get("v1/catchment", { ...of, at: place.at }) : null,
		[...keys, place.at, news.landings, place.at ? 0 : news.minute]);
	const { data: shares, error } = useAnswer(service ? () => get("v1/shares", { ...of, since: `-${place.range}` }) : null,
		[...keys, place.range, news.landings, news.minute]);
	const { data: all } = useAnswer(() => get("v1/events", { since: `-${place.range}` }), [place.range, news.events, news.minute]);
	const { data: vantages } = useAnswer(() => get("v1/vantages"), [news.minute]);
	const { data: diff } = useAnswer(service && place.at ? () => get("v1/diff", { ...of, from: place.at, to: "now" }) : null,
		[...keys, place.at, news.landings]);

	const events = (all ?? []).filter(e => e.service === service && (!place.family || !e.family || String(e.family) === place.family));
	const open = events.filter(e => e.state === "open");
	const places = new Map((vantages ?? []).filter(v => v.latitude != null).map(v => [v.vantage, [v.longitude, v.latitude]]));
	const landings = (catchment?.landings ?? []).map(l => ({ ...l, group: groupOf(l), place: places.get(l.vantage) }));
	const counts = new Map();
	for (const l of landings)
		counts.set(l.group, (counts.get(l.group) ?? 0) + 1);
	const rows = sites.filter(s => !place.family || s.family === `v${place.family}`)
		.map((s, i, list) => ({ ...s, isFirst: i === 0 || list[i - 1].site !== s.site }));
	const spots = rows.filter(s => s.isFirst).map(s => ({ name: s.site, place: s.latitude != null ? [s.longitude, s.latitude] : null }));
	const cursor = place.at ? Date.parse(place.at) : null;

	return <>
		<h1 class="unseen">Catchment of {service}</h1>
		<Summary open={open} sites={rows} nLanded={landings.length} />
		<div class="columns">
			<section class="panel wide"><h2>{place.at ? `Catchment at ${time(place.at)} UTC` : "Catchment now"}</h2>
				<WorldMap landings={landings} sites={spots} marks={marks} place={place} isFresh={catchment !== null} />
				<VantageTable landings={landings} marks={marks} place={place} />
			</section>
			<section class="panel"><h2>Sites</h2><Sites sites={rows} counts={counts} marks={marks} isPast={cursor !== null} /></section>
		</div>
		<section class="panel"><div class="title"><h2>Shares over time</h2>
			<div class="choice" role="group" aria-label="How far back">{Object.entries(RANGES).map(([range, text]) =>
				<button type="button" key={range} aria-pressed={place.range === range} onClick={() => go({ range })}>{text}</button>)}</div>
			<button type="button" class="now" disabled={cursor === null} onClick={() => go({ at: "" })}>Back to now</button></div>
			{error && !shares && <p role="alert">{error.message}</p>}
			{shares && <><Timeline shares={shares} events={events} cursor={cursor} marks={marks}
				onCursor={ms => go({ at: ms === null ? "" : new Date(ms).toISOString() })}
				hrefOf={e => address(place, { page: "event", name: String(e.id) })} />
			<ShareTable shares={shares} marks={marks} /></>}
		</section>
		<div class="columns">
			<section class="panel wide"><h2>Events <span class="quiet">of the last {RANGES[place.range]}</span></h2>
				<EventList events={events.slice(0, EVENTS_SHOWN)} place={place} empty="None in this time." />
				{events.length > EVENTS_SHOWN && <p class="quiet">The newest {EVENTS_SHOWN} of {events.length}.</p>}</section>
			<section class="panel"><h2>Flows <span class="quiet">{place.at ? "from the cursor to now" : "of the last shift"}</span></h2>
				{place.at ? diff && <Flows marks={marks} moves={diff.rows.map(r => ({ from: r.from, to: r.to, n: r.n_vantages }))} />
					: <LastShift events={events} marks={marks} news={news} />}</section>
		</div>
	</>;
}

function LastShift({ events, marks, news }) {
	const shift = events.find(e => e.kind === "shift");
	const { data } = useAnswer(shift ? () => get("v1/event", { id: shift.id }) : null, [shift?.id, news.events]);
	if (!shift)
		return <p class="quiet">No shift in this time. Move the cursor of the timeline back to see who moved since.</p>;
	return data && <><p class="quiet">{time(data.since)}</p>
		<Flows marks={marks} moves={data.moves.map(m => ({ from: m.from, to: m.to, n: m.vantages }))} /></>;
}
