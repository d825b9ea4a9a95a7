// map.jsx - the world, the vantages by where they land, and the sites.
import { geoGraticule10, geoNaturalEarth1, geoPath } from "d3-geo";
import { feature, mesh } from "topojson-client";
import world from "world-atlas/countries-110m.json";
import { useMemo, useState } from "preact/hooks";
import { shapePath } from "./marks.jsx";
import { count } from "./format.js";
import { address } from "./place.js";
import { useWidth } from "./timeline.jsx";

const WIDTH = 960, HEIGHT = 470, CELL = 9, LINES_MAX = 400;
const land = feature(world, world.objects.land);
const borders = mesh(world, world.objects.countries, (a, b) => a !== b);
const points = places => ({ type: "MultiPoint", coordinates: places });

/* Everything that has a place, in view; the whole world when nothing has. */
function projectionFor(places, isWhole) {
	const projection = geoNaturalEarth1();
	if (isWhole || places.length < 2)
		return projection.fitExtent([[4, 4], [WIDTH - 4, HEIGHT - 4]], { type: "Sphere" });
	projection.fitExtent([[60, 50], [WIDTH - 60, HEIGHT - 50]], points(places));
	return projection.scale() > 1400
		? projection.scale(1400).translate([0, 0]).translate(centred(projection, places))
		: projection;
}

function centred(projection, places) {
	const all = places.map(p => projection(p));
	const mean = i => all.reduce((sum, p) => sum + p[i], 0) / all.length;
	return [WIDTH / 2 - mean(0), HEIGHT / 2 - mean(1)];
}

/* Vantages that stand close together and land alike are one mark, its size
 * their number; several marks of one spot stand in a ring. */
function groupsOf(landings, projection) {
	const cells = new Map();
	for (const l of landings) {
		const [x, y] = projection(l.place);
		const cell = `${Math.round(x / CELL)} ${Math.round(y / CELL)}`;
		const groups = cells.get(cell) ?? cells.set(cell, new Map()).get(cell);
		const group = groups.get(l.group) ??
			groups.set(l.group, { name: l.group, x, y, place: l.place, of: [] }).get(l.group);
		group.of.push(l);
	}
	return [...cells].flatMap(([cell, groups]) => [...groups.values()].map((g, i, all) => {
		const turn = 2 * Math.PI * i / all.length, off = all.length > 1 ? 8 : 0;
		return { ...g, key: `${cell} ${g.name}`, x: g.x + off * Math.cos(turn), y: g.y + off * Math.sin(turn) };
	}));
}

/* A label beside its site, where no other one is. */
function labelled(sites, projection, k) {
	const taken = [];
	const free = box => taken.every(t => box.x + box.w < t.x || t.x + t.w < box.x ||
		box.y + box.h < t.y || t.y + t.h < box.y);
	return sites.map(s => {
		const [x, y] = projection(s.place);
		const w = k * (8 * s.name.length + 6), h = 15 * k, off = 13 * k;
		const spots = [[x + off, y - h / 2], [x - off - w, y - h / 2], [x - w / 2, y - off - h], [x - w / 2, y + off]];
		const [left, top] = spots.find(([bx, by]) => bx > 0 && bx + w < WIDTH && free({ x: bx, y: by, w, h })) ?? spots[0];
		taken.push({ x: left, y: top, w, h }, { x: x - 9 * k, y: y - 9 * k, w: 18 * k, h: 18 * k });
		return { ...s, x, y, left, top };
	});
}

function Vantages({ groups, marks, place, k }) {
	return groups.map(g => {
		const size = k * k * (46 + 34 * Math.min(g.of.length - 1, 40));
		const names = g.of.map(l => l.vantage);
		const label = names.length > 6 ? `${names.slice(0, 6).join(", ")} and ${names.length - 6} more` : names.join(", ");
		return <g key={g.key} class="vantage" onClick={() => { location.hash = address(place, { page: "vantage", name: names[0] }); }} data-site={g.name} data-n={g.of.length} transform={`translate(${g.x.toFixed(1)},${g.y.toFixed(1)})`}>
			<path class={`fill-${marks(g.name).colour} outlined`} d={shapePath(marks(g.name), size)} />
			{g.of.length > 9 && <text class="n" dy="0.35em" font-size={9 * k}>{g.of.length}</text>}
			<title>{`${label}: ${g.name}`}</title>
		</g>;
	});
}

export function WorldMap({ landings, sites, marks, place, isFresh }) {
	const [isWhole, setWhole] = useState(false);
	const [ref, width] = useWidth();
	const k = Math.min(2.2, Math.max(1, 800 / width)); /* marks stay as large where the map is small */
	const placed = landings.filter(l => l.place);
	const withPlace = sites.filter(s => s.place);
	const where = JSON.stringify([...placed.map(l => l.place), ...withPlace.map(s => s.place)]);
	const { path, projection } = useMemo(() => {
		const p = projectionFor(JSON.parse(where), isWhole);
		return { projection: p, path: geoPath(p).digits(1) };
	}, [where, isWhole]);
	const base = useMemo(() => ({
		sphere: path({ type: "Sphere" }), grid: path(geoGraticule10()), land: path(land), borders: path(borders),
	}), [path]);
	const groups = groupsOf(placed, projection);
	const home = new Map(withPlace.map(s => [s.name, s.place]));
	const lines = groups.length > LINES_MAX ? [] : groups.filter(g => home.has(g.name));
	const missing = landings.length - placed.length;

	return <figure ref={ref} class={`map ${isFresh ? "" : "stale"}`}>
		<svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img"
			aria-label={`World map: ${count(placed.length, "vantage")} and where they land; the table of vantages says the same`}>
			<path class="sea" d={base.sphere} />
			<path class="grid" d={base.grid} />
			<path class="land" d={base.land} />
			<path class="borders" d={base.borders} />
			<g class="lines">{lines.map(g => <path key={g.key} class={`line-${marks(g.name).colour}`}
				d={path({ type: "LineString", coordinates: [g.place, home.get(g.name)] })} />)}</g>
			<Vantages groups={groups} marks={marks} place={place} k={k} />
			{labelled(withPlace, projection, k).map(s => <g key={s.name} class="site" data-site={s.name}>
				<circle class="ring" cx={s.x} cy={s.y} r={11 * k} />
				<path class={`fill-${marks(s.name).colour}`} transform={`translate(${s.x},${s.y})`} d={shapePath(marks(s.name), 110 * k * k)} />
				<text x={s.left + 3} y={s.top + 12 * k} font-size={13 * k}>{s.name}</text>
				<title>{`site ${s.name}`}</title>
			</g>)}
		</svg>
		<figcaption>
			<button type="button" class="small" aria-pressed={isWhole} onClick={() => setWhole(!isWhole)}>Whole world</button>
			<span>Ringed: sites. Others: vantages, coloured and shaped as the site they land at.
				{missing > 0 && ` ${count(missing, "vantage")} without a known place: see the table.`}</span>
		</figcaption>
	</figure>;
}
