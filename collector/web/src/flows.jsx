// flows.jsx - who went from where to where.
import { SiteName } from "./marks.jsx";
import { count } from "./format.js";

const WIDTH = 320, BAR = 12, GAP = 7, UNIT_MAX = 9;

/* Bars of one side, one below the other. */
function stack(rows, key, unit) {
	const total = new Map();
	for (const r of rows)
		total.set(r[key], (total.get(r[key]) ?? 0) + r.n);
	let y = 0;
	return new Map([...total].sort((a, b) => b[1] - a[1]).map(([name, n]) => {
		const bar = { name, n, y, used: 0, height: Math.max(3, n * unit) };
		y += bar.height + GAP;
		return [name, bar];
	}));
}

const bottom = bars => Math.max(...[...bars.values()].map(b => b.y + b.height), 1);

export function Flows({ moves, marks }) {
	const rows = moves.filter(m => m.n > 0).map(m => ({ ...m, from: m.from ?? "nowhere", to: m.to ?? "nowhere" }))
		.sort((a, b) => b.n - a.n);
	if (rows.length === 0)
		return <p class="quiet">Nobody moved.</p>;
	const unit = Math.min(UNIT_MAX, 150 / rows.reduce((sum, r) => sum + r.n, 0));
	const left = stack(rows, "from", unit), right = stack(rows, "to", unit);
	const height = Math.max(bottom(left), bottom(right));
	const ribbons = rows.map(r => {
		const a = left.get(r.from), b = right.get(r.to), h = Math.max(1.5, r.n * unit);
		const y0 = a.y + a.used, y1 = b.y + b.used, x0 = BAR, x1 = WIDTH - BAR, mid = WIDTH / 2;
		a.used += h;
		b.used += h;
		return { ...r, d: `M${x0} ${y0}C${mid} ${y0} ${mid} ${y1} ${x1} ${y1}V${y1 + h}C${mid} ${y1 + h} ${mid} ${y0 + h} ${x0} ${y0 + h}Z` };
	});
	return <div class="flows">
		<svg viewBox={`0 0 ${WIDTH} ${height}`} aria-hidden="true">
			{ribbons.map(r => <path key={`${r.from} ${r.to}`} class={`ribbon fill-${marks(r.to).colour}`} d={r.d} />)}
			{[...left.values()].map(b => <rect key={b.name} class={`fill-${marks(b.name).colour}`} width={BAR} height={b.height} y={b.y} />)}
			{[...right.values()].map(b => <rect key={b.name} class={`fill-${marks(b.name).colour}`} x={WIDTH - BAR} width={BAR} height={b.height} y={b.y} />)}
		</svg>
		<table><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col" class="number">Vantages</th></tr></thead>
			<tbody>{rows.map(r => <tr key={`${r.from} ${r.to}`} class="flow"><td><SiteName name={r.from} marks={marks} /></td>
				<td><SiteName name={r.to} marks={marks} /></td><td class="number">{r.n}</td></tr>)}</tbody></table>
		<p class="unseen">{count(rows.reduce((sum, r) => sum + r.n, 0), "vantage")} moved.</p>
	</div>;
}
