// timeline.jsx - catchment shares over time, the events on it, and a cursor.
import { useEffect, useRef, useState } from "preact/hooks";
import { Mark } from "./marks.jsx";
import { count, lasted, percent, tick, time, words } from "./format.js";

const HEIGHT = 190, LANE = 22, AXIS = 20, LEFT = 38, RIGHT = 10;
const STEPS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400];

export function useWidth() {
	const ref = useRef(null);
	const [width, setWidth] = useState(800);

	useEffect(() => {
		const watch = new ResizeObserver(([entry]) => setWidth(Math.max(240, Math.round(entry.contentRect.width))));
		watch.observe(ref.current);
		return () => watch.disconnect();
	}, []);
	return [ref, width];
}

/* Where the area's name has room at the left; null: nowhere. */
function areaMiddle(g, total, below, y) {
	const part = total[0] ? g.n[0] / total[0] : 0;
	return y(0) - y(part) < 15 ? null : y((below[0] - g.n[0] / 2) / total[0]) + 4;
}

/* Areas one upon the other, as parts of all that was measured. */
function areasOf(shares, x, y) {
	const n = shares.n_moments;
	const total = Array.from({ length: n }, (_, i) => shares.groups.reduce((sum, g) => sum + g.n[i], 0));
	const below = new Array(n).fill(0);
	return shares.groups.map(g => {
		const top = [], bottom = [];
		for (let i = 0; i < n; i++) {
			const from = total[i] ? below[i] / total[i] : 0;
			below[i] += g.n[i];
			const to = total[i] ? below[i] / total[i] : 0;
			/* A step holds until the next moment. */
			const x0 = x(i).toFixed(1), x1 = x(Math.min(i + 1, n - 1)).toFixed(1);
			top.push(`${x0},${y(to).toFixed(1)}`, `${x1},${y(to).toFixed(1)}`);
			bottom.push(`${x0},${y(from).toFixed(1)}`, `${x1},${y(from).toFixed(1)}`);
		}
		return { site: g.site, middle: areaMiddle(g, total, below, y), d: `M${top.join("L")}L${bottom.reverse().join("L")}Z` };
	});
}

const stepMs = shares => shares.step_us / 1000;
const firstMs = shares => Date.parse(shares.first);
export const momentMs = (shares, i) => firstMs(shares) + i * stepMs(shares);

/* The moment at or before a time. */
export function momentOf(shares, ms) {
	const i = Math.floor((ms - firstMs(shares)) / stepMs(shares));
	return Math.max(0, Math.min(shares.n_moments - 1, i));
}

/* What landed where at a moment, most first. */
export function countsAt(shares, i) {
	return shares.groups.map(g => ({ site: g.site, n: g.n[i] })).filter(g => g.n > 0).sort((a, b) => b.n - a.n);
}

function Ticks({ from, to, x, width }) {
	const step = 1000 * (STEPS.find(s => (to - from) / 1000 / s <= width / 85) ?? 30 * 86400);
	const marks = [];
	for (let at = Math.ceil(from / step) * step; at <= to; at += step)
		marks.push(at);
	return marks.map(at => <g key={at} class="tick">
		<line x1={x(at)} x2={x(at)} y1={LANE} y2={HEIGHT - AXIS} />
		<text x={x(at)} y={HEIGHT - 5}>{tick(at, step)}</text>
	</g>);
}

/* A bar for how long, its shape for how bad. */
function EventMarks({ events, from, to, x, onPick }) {
	return events.map(e => {
		const begin = Math.max(from, Date.parse(e.since)), end = e.resolved ? Date.parse(e.resolved) : to;
		if (end < from || begin > to)
			return null;
		return <g key={e.id} class={`event ${e.severity}`} onPointerDown={click => click.stopPropagation()}
			onClick={() => { location.hash = onPick(e); }}>
			<line class="span" x1={x(begin)} x2={Math.max(x(begin) + 2, x(Math.min(end, to)))} y1="11" y2="11" />
			<path d={`M${x(begin)} 3l6 8l-6 8l-6-8z`} />
			<line class="moment" x1={x(begin)} x2={x(begin)} y1={LANE} y2={HEIGHT - AXIS} />
			<title>{`${e.severity} ${words(e.kind)}: ${e.summary}`}</title>
		</g>;
	});
}

function said(shares, i) {
	const counts = countsAt(shares, i);
	const all = counts.reduce((sum, c) => sum + c.n, 0);
	return `${time(momentMs(shares, i))} UTC: ` +
		(counts.map(c => `${c.site} ${percent(c.n, all)}`).join(", ") || "nothing measured");
}

export function Timeline({ shares, events, cursor, marks, onCursor, hrefOf }) {
	const [ref, width] = useWidth();
	const n = shares.n_moments, from = firstMs(shares), to = momentMs(shares, n - 1);
	const x = ms => LEFT + (width - LEFT - RIGHT) * (ms - from) / Math.max(1, to - from);
	const y = part => HEIGHT - AXIS - part * (HEIGHT - AXIS - LANE);
	const areas = areasOf(shares, i => x(momentMs(shares, i)), y);
	const at = cursor === null ? n - 1 : momentOf(shares, cursor);
	const move = i => onCursor(i >= n - 1 ? null : momentMs(shares, Math.max(0, i)));
	const point = e => {
		const box = e.currentTarget.getBoundingClientRect();
		const part = (e.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
		move(Math.round(part * (n - 1)));
	};
	const toEvent = direction => {
		const now = momentMs(shares, at);
		const times = events.map(e => Date.parse(e.since)).filter(t => t > from && t < to).sort((a, b) => direction * (a - b));
		/* Just before it: what the catchment was. */
		const next = times.map(t => momentOf(shares, t) - 1).find(i => direction * (momentMs(shares, i) - now) > 0);
		if (next !== undefined)
			move(next);
	};
	const keys = {
		ArrowLeft: () => move(at - 1), ArrowRight: () => move(at + 1),
		ArrowDown: () => move(at - 1), ArrowUp: () => move(at + 1),
		PageDown: () => move(at - 20), PageUp: () => move(at + 20),
		Home: () => move(0), End: () => move(n - 1),
		p: () => toEvent(-1), n: () => toEvent(1),
	};
	const onKey = e => {
		if (!keys[e.key] || e.ctrlKey || e.altKey || e.metaKey)
			return;
		e.preventDefault();
		keys[e.key]();
	};

	return <div class="timeline" ref={ref}>
		<svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`}
			role="slider" tabindex="0" aria-label="Time, with shares of the catchment" aria-valuemin="0" aria-valuemax={n - 1}
			aria-valuenow={at} aria-valuetext={said(shares, at)} aria-describedby="timeline-keys"
			onKeyDown={onKey} onPointerDown={e => { e.currentTarget.setPointerCapture(e.pointerId); point(e); }}
			onPointerMove={e => e.buttons === 1 && point(e)}>
			{areas.map(a =>
				<path key={a.site} class={`area fill-${marks(a.site).colour}`} d={a.d}><title>{a.site}</title></path>)}
			{areas.map(a => a.middle && <text key={a.site} class="area-name" x={LEFT + 6} y={a.middle}>{a.site}</text>)}
			<Ticks from={from} to={to} x={x} width={width} />
			{[0, 0.5, 1].map(part => <text key={part} class="axis" x={LEFT - 5} y={y(part) + 4}>{`${100 * part}%`}</text>)}
			<EventMarks events={events} from={from} to={to} x={x} onPick={hrefOf} />
			<g class={`cursor ${cursor === null ? "live" : ""}`} transform={`translate(${x(momentMs(shares, at))},0)`}>
				<line y1={LANE - 4} y2={HEIGHT - AXIS} /><path d={`M-5 ${LANE - 9}h10l-5 7z`} />
			</g>
		</svg>
		<p id="timeline-keys" class="hint"><kbd>←</kbd> <kbd>→</kbd> a moment, <kbd>PgUp</kbd> <kbd>PgDn</kbd> twenty,
			{" "}<kbd>p</kbd> <kbd>n</kbd> just before the previous or next event, <kbd>End</kbd> now. Or click.</p>
	</div>;
}

/* The same in rows: what changed from moment to moment. */
export function ShareTable({ shares, marks }) {
	const rows = [];
	for (let i = 0; i < shares.n_moments; i++) {
		const now = shares.groups.map(g => g.n[i]).join();
		if (i === 0 || now !== rows.at(-1).key)
			rows.push({ i, key: now });
	}
	const shown = rows.slice(-40).reverse();
	return <details>
		<summary>The timeline as a table ({count(rows.length, "change")}{rows.length > 40 ? ", the last 40 shown" : ""})</summary>
		<div class="scroll" tabindex="0" role="region" aria-label="Shares over time"><table>
			<thead><tr><th scope="col">From</th>{shares.groups.map(g => <th scope="col" key={g.site} class="number">
				<Mark mark={marks(g.site)} />{g.site}</th>)}</tr></thead>
			<tbody>{shown.map(r => <tr key={r.i}><th scope="row">{time(momentMs(shares, r.i))}</th>
				{shares.groups.map(g => <td key={g.site} class="number">{g.n[r.i]}</td>)}</tr>)}</tbody>
		</table></div>
	</details>;
}

export const spanText = shares => lasted(stepMs(shares));
