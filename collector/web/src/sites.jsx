// sites.jsx - the sites: announced, healthy, receiving, and the verdict.
import { SiteName } from "./marks.jsx";
import { percent, time, words } from "./format.js";

const SIGNS = { yes: "✓", no: "✗", unknown: "?" };
const BAD = new Set(["sick_attracting", "ghost_sick"]);
const ODD = new Set(["shadowed", "sick_announced", "ghost", "withdrawn", "down"]);

export const isBad = verdict => BAD.has(verdict);
export const isOdd = verdict => ODD.has(verdict);

function Tri({ value, why, what }) {
	return <td class={`tri ${value}`} title={why || undefined}>
		<span aria-hidden="true">{SIGNS[value] ?? "?"}</span><span class="unseen">{`${what}: ${value}${why ? ` (${why})` : ""}`}</span>
	</td>;
}

export function Verdict({ verdict }) {
	const kind = isBad(verdict) ? "bad" : isOdd(verdict) ? "odd" : verdict === "ok" ? "good" : "plain";
	return <span class={`verdict ${kind}`}>{words(verdict)}</span>;
}

/* counts: how many landed at each site at the cursor, by name. */
export function Sites({ sites, counts, marks, isPast }) {
	const all = [...counts].filter(([name]) => !name.startsWith("(")).reduce((sum, [, n]) => sum + n, 0);
	const aside = [...counts].filter(([name]) => name.startsWith("("));
	return <div class="scroll" tabindex="0" role="region" aria-label="Sites"><table class="sites">
		<thead><tr>
			<th scope="col">Site</th><th scope="col">Net</th>
			<th scope="col" title="Is its route announced?">Ann<span class="unseen">ounced</span></th>
			<th scope="col" title="Does its service answer?">Hea<span class="unseen">lthy</span></th>
			<th scope="col" title="Do vantages land there?">Rec<span class="unseen">eiving</span></th>
			<th scope="col">Verdict</th><th scope="col" class="number">Share</th>
		</tr></thead>
		<tbody>{sites.map(s => <tr key={`${s.site} ${s.family}`} data-site={s.site}>
			<th scope="row">{s.isFirst && <SiteName name={s.site} marks={marks} />}{!s.isFirst && <span class="unseen">{s.site}</span>}</th>
			<td>{s.family}</td>
			<Tri value={s.announced} why={s.announced_why} what="announced" />
			<Tri value={s.healthy} why={s.healthy_why} what="healthy" />
			<Tri value={s.receiving} what="receiving" />
			<td title={s.since && `since ${time(s.since)} UTC`}><Verdict verdict={s.verdict} />{s.drain && <span class="verdict plain">draining</span>}</td>
			<td class="number share">{s.isFirst && <>{percent(counts.get(s.site) ?? 0, all)} <span class="quiet">{counts.get(s.site) ?? 0}</span></>}</td>
		</tr>)}
		{aside.map(([name, n]) => <tr key={name} class="aside"><th scope="row"><SiteName name={name} marks={marks} /></th>
			<td colspan="5">no site</td><td class="number">{n}</td></tr>)}
		</tbody>
	</table>
	{isPast && <p class="hint">Shares are of the cursor's moment; verdicts are of now.</p>}
	</div>;
}
