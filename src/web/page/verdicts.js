// Verdicts: what became of mails, the latest first, and the story of each.

import { el, get, say, table, time } from "./kit.js";

export const title = "Verdicts";

const FILTERS = [
	["verdict", "Verdict", ["accept", "hold", "defer", "reject", "mixed", "aborted"]],
	["would", "Would have been", ["hold", "defer", "reject"]],
	["greylist", "Greylisting", ["new", "early", "late", "noted", "passed", "seen", "known", "released"]],
	["client", "Client"], ["from", "Sender's domain"], ["finding", "Finding"], ["submitter", "Submitter"],
	["search", "Any word"],
];
const chosen = {};

function pairs(rows) {
	return el("dl", { class: "pairs" }, ...rows.filter(([, value]) => value !== undefined && value !== null &&
		value !== "").flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function results(event) {
	if (!event.results?.length)
		return null;
	return table("What each method said", [
		["Method", (row) => row.method], ["Result", (row) => row.result], ["Of", (row) => row.about],
		["Because", (row) => row.reason],
	], event.results, { class: "cards" });
}

function lookups(event) {
	if (!event.lookups?.length)
		return null;
	return el("details", {}, el("summary", {}, `${event.lookups_total ?? event.lookups.length} questions to DNS`),
		table("The first of them", [
			["Type", (row) => row.type], ["Name", (row) => row.name], ["Answer", (row) => row.status],
			["Took", (row) => row.cached ? "known before" : row.ms === undefined ? "" : `${row.ms} ms`, "number"],
		], event.lookups, { class: "cards" }));
}

const OUTCOMES = {
	accept: "let in", hold: "kept in the mail server's queue", defer: "asked to come back", reject: "refused",
	mixed: "let in for some recipients, not for others", aborted: "over before it was decided",
};

function outcome(end) {
	const words = OUTCOMES[end.verdict] || end.verdict;
	return end.would ? `${words} (enforced: ${OUTCOMES[end.would] || end.would})` : words;
}

// `whatIf`: null when its facts are not kept.
function changes(whatIf) {
	const rows = whatIf ? whatIf.without.map((row) => `Without ${row.name}: ${outcome(row)}.`) : [];
	if (whatIf?.is_changed)
		rows.unshift(`By the configuration of now: ${outcome(whatIf)}.`);
	if (whatIf?.together?.length)
		rows.push(`None of them alone; it takes ${whatIf.together.join(" and ")} not to be refused for the score.`);
	if (!rows.length)
		rows.push(whatIf ? "No single finding." : "The facts are not kept.");
	return el("section", {}, el("h4", {}, "What would have changed it"),
		el("ul", { id: "changes" }, ...rows.map((row) => el("li", {}, row))));
}

function story(event) {
	const score = `${event.score} of ${event.refuse}`;
	return el("article", { id: "story", tabindex: "-1", "aria-label": "Explanation" },
		el("h3", {}, `${event.verdict}: ${event.from || "<>"} to ${event.to || "nobody"}`),
		pairs([["Id", event.id], ["Queue id", event.queue], ["When", time(event.at)], ["Client", event.client],
			["Its name", event.name], ["HELO", event.helo], ["Login", event.login], ["Submitter", event.submitter],
			["Verdict", event.verdict], ["Would have been", event.would], ["Score", score],
			["Greylisting", event.greylist], ["Identity", event.identity], ["Could not be asked", event.degraded],
			["Waited for us", event.ms_wait === undefined ? "" : `${event.ms_wait} ms`]]),
		table(event.findings?.length ? "Why: each finding with its points" : "Nothing was found", [
			["Finding", (row) => row.name], ["Points", (row) => String(row.weight), "number"],
			["Reason", (row) => row.reason],
		], event.findings || [], { class: "cards" }),
		changes(event.what_if), results(event), lookups(event));
}

function list(events, showStory) {
	return table(events.length ? "The latest first" : "There are none", [
		["When", (row) => time(row.at)],
		["Verdict", (row) => row.would ? `${row.verdict} (would ${row.would})` : row.verdict],
		["From", (row) => row.from || "<>"],
		["To", (row) => row.to],
		["Client", (row) => row.name ? `${row.client} ${row.name}` : row.client],
		["Score", (row) => String(row.score), "number"],
		["Findings", (row) => (row.findings || []).map((finding) => finding.name).join(", ")],
		["Story", (row) => el("button", {
			type: "button", "aria-label": `Explain the verdict of ${row.from || "<>"} to ${row.to}`,
			onclick: () => showStory(row).catch((error) => say(error.message, true)),
		}, "Explain"), "actions"],
	], events, { class: "cards" });
}

function field([name, text, values]) {
	const input = values
		? el("select", { id: `filter-${name}` }, el("option", { value: "" }, "any"),
			...values.map((value) => el("option", { value, selected: chosen[name] === value }, value)))
		: el("input", { id: `filter-${name}`, maxlength: 120, value: chosen[name] || "" });
	return [name, input, el("label", { for: `filter-${name}` }, text, input)];
}

export function open(main) {
	const rows = el("div", { id: "verdicts" });
	const place = el("div");
	const more = el("button", { type: "button", hidden: true }, "Earlier ones");
	const fields = FILTERS.map(field);
	let events = [], next = "", pages = 1;

	async function showStory(event) {
		place.replaceChildren(story(await get("/api/verdicts/show", { id: event.id })));
		document.getElementById("story").focus();
		document.getElementById("story").scrollIntoView({ block: "nearest" });
	}
	async function read(before = "") {
		const told = await get("/api/verdicts", { ...chosen, before });
		events = before ? [...events, ...told.events] : told.events;
		pages = before ? pages + 1 : 1;
		next = told.next;
		more.hidden = !next;
		rows.replaceChildren(list(events, showStory));
	}
	const tell = (error) => say(error.message, true);
	more.addEventListener("click", () => read(next).catch(tell));
	main.replaceChildren(el("h2", {}, title), el("form", { role: "search", onsubmit: (event) => {
		event.preventDefault();
		for (const [name, input] of fields)
			chosen[name] = input.value.trim();
		read().catch(tell);
	} }, ...fields.map(([, , label]) => label), el("button", { type: "submit" }, "Filter")), place, rows, more);
	return {
		async refresh() {
			if (pages === 1 && !rows.contains(document.activeElement))
				await read();
		},
	};
}
