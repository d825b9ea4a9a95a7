// events.jsx - the list of events, and one event down to the evidence.
import { get, useAnswer } from "./api.js";
import { Flows } from "./flows.jsx";
import { SiteName } from "./marks.jsx";
import { count, lasted, millis, time, words } from "./format.js";
import { address } from "./place.js";

const SEVERITY_SIGNS = { critical: "■", major: "◆", warning: "▲", notice: "●", info: "○" };

export function Severity({ severity }) {
	return <span class={`severity ${severity}`}><span aria-hidden="true">{SEVERITY_SIGNS[severity] ?? "●"}</span> {severity}</span>;
}

export function EventList({ events, place, empty }) {
	if (events.length === 0)
		return <p class="quiet">{empty}</p>;
	return <ol class="events">{events.map(e => <li key={e.id} class={e.state}>
		<Severity severity={e.severity} />
		<a href={address(place, { page: "event", name: String(e.id) })}>{words(e.kind)}: {e.summary}</a>
		<span class="quiet">{time(e.since)} {e.state === "open" ? "· open" : `· ${lasted(e.lasted_us / 1000)}${e.resolution ? `, ${words(e.resolution)}` : ""}`}{e.planned && " · planned"}</span>
	</li>)}</ol>;
}

/* Whatever the detector noted, as it is: numbers by name. */
function Gates({ gates }) {
	if (gates === null || typeof gates !== "object")
		return <span>{gates === null ? "–" : String(gates)}</span>;
	if (Array.isArray(gates))
		return gates.every(g => typeof g !== "object")
			? <span>{gates.join(", ") || "none"}</span>
			: <ol class="gates">{gates.map((g, i) => <li key={i}><Gates gates={g} /></li>)}</ol>;
	return <dl class="gates">{Object.entries(gates).map(([name, value]) => <div key={name}>
		<dt>{words(name)}</dt><dd><Gates gates={value} /></dd></div>)}</dl>;
}

function Samples({ title, samples }) {
	return <table><caption>{title}</caption>
		<thead><tr><th scope="col">At</th><th scope="col">Why</th><th scope="col">Outcome</th><th scope="col">Site</th>
			<th scope="col">Identity</th><th scope="col" class="number">Round trip</th></tr></thead>
		<tbody>{samples.map((s, i) => <tr key={i}><td>{time(s.at)}</td><td>{s.why}</td><td>{words(s.outcome)}{s.rcode ? ` ${s.rcode}` : ""}</td>
			<td>{s.site ?? "–"}</td><td class="bytes">{s.identity ?? "–"}</td><td class="number">{millis(s.rtt_us)}</td></tr>)}</tbody></table>;
}

/* Who answered at each TTL, from 1 on; several where the way is balanced. */
function hopsByTtl(path) {
	const out = [];
	for (const hop of Array.isArray(path?.hops) ? path.hops : []) {
		if (!(hop?.ttl >= 1 && hop.ttl <= 64))
			continue;
		while (out.length < hop.ttl)
			out.push("*");
		const text = !hop.address ? "*" : hop.address + (hop.target ? " (the target)" : "") +
			(hop.labels ? ` MPLS ${hop.labels.map(l => l.label).join(" ")}` : "");
		out[hop.ttl - 1] = out[hop.ttl - 1] === "*" ? text : `${out[hop.ttl - 1]}, ${text}`;
	}
	return out;
}

export function PathPair({ before, during }) {
	const a = hopsByTtl(before), b = hopsByTtl(during);
	if (!before && !during)
		return <p class="quiet">No path was traced.</p>;
	const n = Math.max(a.length, b.length);
	return <table class="paths"><caption>Paths, hop by hop</caption>
		<thead><tr><th scope="col" class="number">Hop</th><th scope="col">Before{before && ` (${time(before.at)})`}</th>
			<th scope="col">After{during && ` (${time(during.at)})`}</th></tr></thead>
		<tbody>{Array.from({ length: n }, (_, i) => {
			const x = a[i] ?? "", y = b[i] ?? "";
			return <tr key={i} class={before && during && x !== y ? "differs" : ""}><td class="number">{i + 1}</td>
				<td class="bytes">{before ? x : "not traced"}</td><td class="bytes">{during ? y : "not traced"}{before && during && x !== y && <span class="unseen"> differs</span>}</td></tr>;
		})}</tbody></table>;
}

function Vote({ vote, marks, place }) {
	return <details class="vote"><summary>
		<span class="bytes">{vote.vantage}</span>
		{vote.asn ? <span class="quiet">AS{vote.asn}</span> : null}
		<span><SiteName name={vote.from} marks={marks} /> → <SiteName name={vote.to} marks={marks} /></span>
		<span class="quiet">{time(vote.at)}</span><span>{words(vote.confidence ?? "")}</span>
		{vote.ended && <span class="quiet">back {time(vote.ended)}</span>}
	</summary>
		<div class="scroll" tabindex="0" role="region" aria-label={`Evidence of ${vote.vantage}`}>
			<p>Target {vote.target}; confirmed {time(vote.confirmed)}. <a href={address(place, { page: "vantage", name: vote.vantage })}>All of this vantage</a></p>
			{vote.doubts?.length > 0 && <Gates gates={vote.doubts} />}
			<Samples title="Answers before" samples={vote.before} />
			<Samples title="Answers after" samples={vote.after} />
			<PathPair before={vote.path_before} during={vote.path_during} />
		</div>
	</details>;
}

export function EventPage({ place, news, marks }) {
	const id = /^\d{1,15}$/.test(place.name) ? place.name : "0";
	const { data: e, error } = useAnswer(() => get("v1/event", { id }), [id, news.events, news.minute]);
	if (error && !e)
		return <section class="panel"><h1>Event</h1><p role="alert">{error.message}</p></section>;
	if (!e)
		return <section class="panel" aria-busy="true"><h1>Event {id}</h1></section>;
	const before = new Date(Date.parse(e.since) - 1000).toISOString(), after = e.detected;
	return <>
		<section class="panel">
			<h1><Severity severity={e.severity} /> {words(e.kind)} at {e.service}{e.site ? ` ${e.site}` : ""}</h1>
			<p class="lead">{e.summary}</p>
			<dl class="facts">
				<div><dt>State</dt><dd>{e.resolved ? `resolved${e.resolution ? `: ${words(e.resolution)}` : ""}` : "open"}</dd></div>
				<div><dt>First sign</dt><dd>{time(e.since)}</dd></div>
				<div><dt>Detected</dt><dd>{time(e.detected)} <span class="quiet">after {lasted(e.delay_us / 1000)}</span></dd></div>
				<div><dt>Resolved</dt><dd>{time(e.resolved)}</dd></div>
				<div><dt>Family</dt><dd>{e.family ? `IPv${e.family}` : "both"}</dd></div>
				<div><dt>Seen by</dt><dd>{count(e.vantages, "vantage")} in {count(e.asns, "network")}, {e.needed} needed</dd></div>
				{e.verdict && <div><dt>Verdict</dt><dd>{words(e.verdict)}</dd></div>}
				{e.parent && <div><dt>Part of</dt><dd><a href={address(place, { page: "event", name: String(e.parent) })}>event {e.parent}</a></dd></div>}
			</dl>
			<p class="buttons"><a class="button" href={address(place, { page: "", name: "", at: before })}>Catchment just before</a>
				<a class="button" href={address(place, { page: "", name: "", at: after })}>Catchment when detected</a></p>
		</section>
		<section class="panel"><h2>Flows</h2><Flows marks={marks} moves={e.moves.map(m => ({ from: m.from, to: m.to, n: m.vantages }))} /></section>
		<section class="panel"><h2>Why it was opened</h2><Gates gates={e.gates} /></section>
		<section class="panel"><h2>{count(e.votes.length, "vote")}</h2>
			{e.votes.map(v => <Vote key={`${v.vantage} ${v.target}`} vote={v} marks={marks} place={place} />)}
			{e.left_out?.length > 0 && <><h3>Left out</h3><Gates gates={e.left_out} /></>}
		</section>
	</>;
}
