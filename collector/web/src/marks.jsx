// marks.jsx - a site's colour and shape, the same everywhere on the page.
//
// Seven colours that people of any colour vision tell apart (Okabe and Ito), each
// site with a shape of its own too: colour alone never tells anything.
import { symbol, symbolCircle, symbolDiamond, symbolSquare, symbolStar, symbolTriangle, symbolWye,
	symbolTriangle2, symbolCross, symbolTimes } from "d3-shape";

const SHAPES = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolStar, symbolWye,
	symbolTriangle2];
const COLOURS = 7;

/* Of names of sites, in a fixed order: a function from name to mark. */
export function marksOf(names) {
	const index = new Map(names.map((name, i) => [name, i]));
	return name => {
		const i = index.get(name);
		if (i === undefined)
			return { colour: "none", shape: name === "(dark)" ? symbolTimes : symbolCross };
		return {
			colour: String(i % COLOURS),
			shape: SHAPES[(i + Math.floor(i / COLOURS)) % SHAPES.length],
		};
	};
}

export const shapePath = (mark, size) => symbol(mark.shape, size)();

/* In running text and tables. */
export function Mark({ mark }) {
	return <svg class="mark" viewBox="-8 -8 16 16" aria-hidden="true">
		<path class={`fill-${mark.colour}`} d={shapePath(mark, 90)} />
	</svg>;
}

export function SiteName({ name, marks }) {
	if (name == null || name === "")
		return <span class="quiet">nowhere</span>;
	return <span class="site-name"><Mark mark={marks(name)} />{name}</span>;
}
