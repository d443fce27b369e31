// Submitters: who sends out through us, how much against which limit, and what became of it.

import { el, get, post, say, span, table } from "./kit.js";

export const title = "Submitters";

const WAYS = { state: "Not ok", share: "Near to a limit", last: "Sent last" };
const CLASSES = { ok: "good", watch: "", hold: "bad", locked: "bad" };
const shown = { by: "state" };

function stateCell(user) {
	const left = user.left_ms > 0 ? `, ${span(user.left_ms)} more` : "";
	return el("span", { class: CLASSES[user.state] }, user.state + left + (user.observed ? " (observed)" : ""));
}

function traffic(window) {
	const cell = (one) => !one || one.count === null ? "-" : one.most === null ? String(one.count)
		: `${one.count} of ${one.most}`;
	return window ? `${cell(window.messages)} / ${cell(window.recipients)}` : "-";
}

function nearest(user) {
	return user.nearest ? `${Math.round(100 * user.nearest.share)} % of ${user.nearest.limit}` : "-";
}

function limits(user) {
	return table(user.limits.length ? `Class ${user.class}: what was sent against each limit`
		: `Class ${user.class} has no limits`, [
		["Limit", (row) => row.limit],
		["Sent", (row) => `${row.count} of ${row.most}`, "number"],
		["Share", (row) => el("meter", { min: 0, max: 1, high: 0.8, value: Math.min(1, row.share ?? 0),
			"aria-label": `${Math.round(100 * (row.share ?? 0))} % of ${row.limit}` })],
		["Most in 30 days", (row) => row.usual === null ? "-" : String(row.usual), "number"],
		["Leads to", (row) => row.leads_to],
	], user.limits, { class: "cards" });
}

function places(user) {
	return table(user.places.length ? "From where" : "Nothing is known of where its mail comes from", [
		["Kind", (row) => row.kind], ["Place", (row) => row.place], ["Last", (row) => row.last],
	], user.places, { class: "cards" });
}

function story(user, buttons) {
	return el("article", { id: "submitter", tabindex: "-1", "aria-label": "One submitter" },
		el("h3", {}, user.submitter), el("p", {}, stateCell(user), user.why ? `: ${user.why}` : ""),
		user.before ? el("p", { class: "quiet" }, `Before: ${user.before.state} (${user.before.why}), ` +
			`${user.before.released ? "released" : "over"} ${user.before.ended}`) : null,
		el("p", {}, ...buttons), limits(user), places(user));
}

export function open(main, session) {
	const rows = el("div", { id: "submitters" });
	const place = el("div");
	const more = el("button", { type: "button", hidden: true }, "More");
	let users = [], told = {}, pages = 1;

	async function set(user, state) {
		try {
			await post("/api/submitters/set", { submitter: user.submitter, state, why: "by hand, on the page" });
			say(state === "ok" ? `${user.submitter} is released.` : `${user.submitter} is locked.`);
			if (place.firstChild)
				await showOne(user);
		} catch (error) {
			say(error.message, true);
		}
		await read().catch(() => {});
	}
	function buttons(user) {
		const made = (text, state) => el("button", { type: "button", disabled: !session.may_change,
			"aria-label": `${text} ${user.submitter}`, onclick: () => set(user, state) }, text);
		return user.state === "ok" ? [made("Lock", "locked")] : [made("Release", "ok"),
			user.state === "locked" ? "" : made("Lock", "locked")];
	}
	async function showOne(user) {
		try {
			const one = await get("/api/submitters/show", { submitter: user.submitter });
			place.replaceChildren(story(one.user, buttons(one.user)));
			document.getElementById("submitter").focus();
		} catch (error) {
			say(error.message, true);
		}
	}
	function redraw() {
		const from = told.source === "memory" ? "; Redis does not answer: this is what this machine remembers" : "";
		rows.replaceChildren(table((users.length ? `In all: ${told.total}; shown: ${users.length}` : "There are none")
			+ from, [
			["Submitter", (row) => row.submitter],
			["State", stateCell],
			["Why", (row) => row.why],
			["Messages / recipients, 1 h", (row) => traffic(row.hour), "number"],
			["Same, 1 d", (row) => traffic(row.day), "number"],
			["Nearest limit", nearest],
			["Last mail", (row) => row.last_mail || "-"],
			["To do", (row) => [el("button", { type: "button", "aria-label": `Show ${row.submitter}`,
				onclick: () => showOne(row) }, "Show"), ...buttons(row)], "actions"],
		], users, { class: "cards" }));
	}
	async function read(from = 0) {
		told = await get("/api/submitters", { by: shown.by, from: from || "" });
		users = from ? [...users, ...told.users] : told.users;
		pages = from ? pages + 1 : 1;
		more.hidden = users.length >= told.total || !told.users.length;
		redraw();
	}
	const tell = (error) => say(error.message, true);
	const by = el("select", { id: "by", onchange: () => {
		shown.by = by.value;
		read().catch(tell);
	} }, ...Object.entries(WAYS).map(([value, text]) =>
		el("option", { value, selected: shown.by === value }, text)));
	const typed = el("input", { id: "typed", maxlength: 200, required: true });
	more.addEventListener("click", () => read(users.length).catch(tell));
	main.replaceChildren(el("h2", {}, title), el("form", { role: "search", onsubmit: (event) => {
		event.preventDefault();
		showOne({ submitter: typed.value.trim() });
	} }, el("label", { for: "by" }, "Which", by), el("label", { for: "typed" }, "Login, uid:NUMBER or address", typed),
	el("button", { type: "submit" }, "Show")), place, rows, more);
	return {
		async refresh() {
			if (pages === 1 && !rows.contains(document.activeElement))
				await read();
		},
	};
}
