// Now: what happens at this moment, and whether all parts are well.

import { el, get, span, svg, table, tile } from "./kit.js";

export const title = "Now";

const VERDICTS = ["accept", "mixed", "defer", "hold", "reject", "aborted"];

function total(minute) {
	return VERDICTS.reduce((sum, name) => sum + minute[name], 0);
}

// A bar for each minute, its verdicts one on the other.
function chart(minutes) {
	const most = Math.max(1, ...minutes.map(total));
	const width = 600 / minutes.length;
	const bars = minutes.flatMap((minute, index) => {
		let below = 0;
		return VERDICTS.filter((name) => minute[name] > 0).map((name) => {
			const height = 100 * minute[name] / most;
			below += height;
			return svg("rect", { class: name, x: index * width, y: 100 - below, width: width * 0.85, height },
				svg("title", {}, `${new Date(minute.begins_ms).toLocaleTimeString()}: ${minute[name]} ${name}`));
		});
	});
	return svg("svg", { class: "chart", viewBox: "0 0 600 100", preserveAspectRatio: "none", role: "img",
		"aria-label": `Mails a minute in the last hour, at most ${most}; the table below has the numbers` }, ...bars);
}

function tiles(told) {
	const last = told.minutes.length > 1 ? total(told.minutes[told.minutes.length - 2]) : 0;
	const { latency, store, dns } = told;
	return el("dl", { class: "tiles" },
		tile("Mails in the last minute", told.are_minutes_known ? last : "not known"),
		tile("Sessions open", told.connections),
		tile("Greetings held", told.greetings_held),
		tile(`Waited for us, p50 (${span(latency.over_ms)})`, `${latency.p50_ms.toFixed(1)} ms`),
		tile(`p95, of ${latency.mails} mails`, `${latency.p95_ms.toFixed(1)} ms`),
		tile("Redis", store.is_up ? "answers" : store.is_breaker_open ? "out of order" : "does not answer",
			store.is_up ? "good" : "bad"),
		tile("DNS", dns.is_up ? "answers" : "does not answer", dns.is_up ? "good" : "bad"),
		tile("Mode", told.mode),
		tile("Running for", span(told.uptime_ms)));
}

function minutesTable(minutes) {
	return table("Mails by minute and verdict, the latest first", [
		["Minute", (row) => new Date(row.begins_ms).toLocaleTimeString()],
		...VERDICTS.map((name) => [name, (row) => String(row[name]), "number"]),
	], minutes.filter((row) => total(row) > 0).reverse());
}

const WORDS = { well: "well", unwell: "out of order", probation: "on probation", unknown: "not tested yet" };

function lists(rows) {
	return table(rows.length ? "What each DNS list is worth at the moment" : "There are none", [
		["List", (row) => row.zone],
		["Of", (row) => row.kind === "domain" ? "domains" : "addresses"],
		["State", (row) => el("span", { class: row.state === "well" ? "good" : row.state === "unknown" ? "quiet" : "bad" },
			row.reason ? `${WORDS[row.state]}: ${row.reason}` : WORDS[row.state])],
		["Questions", (row) => String(row.questions), "number"],
		["Hits", (row) => String(row.hits), "number"],
		["Errors", (row) => String(row.errors), "number"],
		["Latency", (row) => `${row.latency_ms.toFixed(0)} ms`, "number"],
	], rows, { class: "cards" });
}

export function open(main) {
	// What can have the focus stays where it is.
	const [above, bars, minutes, below] = [0, 1, 2, 3].map(() => el("div"));
	main.replaceChildren(el("h2", {}, title), above, el("h3", {}, "Mails a minute, by verdict"), bars,
		el("ul", { class: "key" }, ...VERDICTS.map((name) => el("li", {}, el("span", { class: name }), name))),
		el("details", {}, el("summary", {}, "As a table"), minutes), el("h3", {}, "DNS lists"), below);
	return {
		async refresh() {
			const told = await get("/api/now");
			above.replaceChildren(tiles(told));
			bars.replaceChildren(chart(told.minutes));
			minutes.replaceChildren(minutesTable(told.minutes));
			below.replaceChildren(lists(told.lists));
		},
	};
}
