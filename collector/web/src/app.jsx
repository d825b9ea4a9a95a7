// app.jsx - the frame around the pages: service, family, theme, what is new.
import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, useAnswer, useNews } from "./api.js";
import { EventPage } from "./events.jsx";
import { marksOf } from "./marks.jsx";
import { Overview } from "./overview.jsx";
import { words } from "./format.js";
import { address, usePlace } from "./place.js";
import { VantagePage } from "./vantage.jsx";

const THEMES = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };

function useTheme() {
	const [theme, setTheme] = useState(() => {
		try {
			return localStorage.getItem("theme") ?? "auto";
		} catch {
			return "auto"; /* a browser that keeps nothing */
		}
	});
	useEffect(() => {
		if (theme === "auto")
			delete document.documentElement.dataset.theme;
		else
			document.documentElement.dataset.theme = theme;
		try {
			localStorage.setItem("theme", theme);
		} catch { /* as above */ }
	}, [theme]);
	const names = Object.keys(THEMES);
	return [theme in THEMES ? theme : "auto", () => setTheme(names[(names.indexOf(theme) + 1) % names.length])];
}

/* Says new events, once, to who cannot see them come. */
function Announcer({ news }) {
	const { data } = useAnswer(() => get("v1/events", { since: "-1d" }), [news.events]);
	const known = useRef(null);
	const [said, setSaid] = useState("");

	useEffect(() => {
		if (!data)
			return;
		const fresh = known.current === null ? [] : data.filter(e => !known.current.has(`${e.id} ${e.state}`));
		known.current = new Set(data.map(e => `${e.id} ${e.state}`));
		if (fresh.length > 0)
			setSaid(fresh.map(e => `${e.state === "open" ? "New" : "Resolved"}: ${e.severity} ${words(e.kind)}, ${e.summary}`).join(". "));
	}, [data]);
	return <div class={`announcer ${said ? "" : "unseen"}`} role="status" aria-live="polite">{said}
		{said && <button type="button" class="small" onClick={() => setSaid("")}>Dismiss</button>}</div>;
}

function Header({ place, go, services, service, connection }) {
	const [theme, nextTheme] = useTheme();
	return <header>
		<a class="brand" href={address(place, { page: "", name: "" })}><img src="icon.svg" alt="" width="26" height="26" />Catchwater</a>
		{services.length > 1 && <label>Service <select value={service} onChange={e => go({ service: e.currentTarget.value })}>
			{services.map(s => <option key={s} value={s}>{s}</option>)}</select></label>}
		{services.length === 1 && <span class="service">{service}</span>}
		<div class="choice" role="group" aria-label="Address family">{[["", "v4 + v6"], ["4", "v4"], ["6", "v6"]].map(([family, text]) =>
			<button type="button" key={family} aria-pressed={place.family === family} onClick={() => go({ family })}>{text}</button>)}</div>
		<span class={`live ${connection === "live" ? "on" : ""}`}><span aria-hidden="true">{connection === "live" ? "●" : "○"}</span> {connection}</span>
		<button type="button" class="small theme" onClick={nextTheme} aria-label={`${THEMES[theme]}; change`} title={THEMES[theme]}>{{ auto: "◐", light: "☀", dark: "☾" }[theme]}</button>
	</header>;
}

function App() {
	const [place, go] = usePlace();
	const [news, connection] = useNews();
	const main = useRef(null);
	const { data: all, error } = useAnswer(() => get("v1/sites"), [news.sites, news.landings, news.minute]);
	const services = useMemo(() => [...new Set((all ?? []).map(s => s.service))], [all]);
	const service = services.includes(place.service) ? place.service : services[0] ?? "";
	const sites = (all ?? []).filter(s => s.service === service);
	const names = [...new Set(sites.map(s => s.site))].sort();
	const marks = useMemo(() => marksOf(names), [names.join("\n")]);

	useEffect(() => {
		document.title = { vantage: `${place.name} – Catchwater`, event: `Event ${place.name} – Catchwater` }[place.page] ?? "Catchwater";
		if (place.page)
			main.current.focus();
		scrollTo(0, 0);
	}, [place.page, place.name]);

	return <>
		<a class="skip" href="#main" onClick={e => { e.preventDefault(); main.current.focus(); }}>Skip to the content</a>
		<Header place={place} go={go} services={services} service={service} connection={connection} />
		<Announcer news={news} />
		<main id="main" ref={main} tabindex="-1">
			{place.page && <nav aria-label="Back"><a href={address(place, { page: "", name: "" })}>← Overview</a></nav>}
			{error && !all && <p role="alert">{error.message}</p>}
			{all && !service && <section class="panel"><h1>Nothing to show yet</h1><p>The configuration has no service with sites; see <code>catchwater.conf(5)</code>.</p></section>}
			{service && (place.page === "vantage" ? <VantagePage place={place} news={news} marks={marks} />
				: place.page === "event" ? <EventPage place={place} news={news} marks={marks} />
					: <Overview place={place} go={go} news={news} marks={marks} sites={sites} service={service} />)}
		</main>
		<footer>Times are UTC. What stands here, <code>catchwater</code> prints too. <a href="licences.txt">Licences</a></footer>
	</>;
}

render(<App />, document.getElementById("app"));
