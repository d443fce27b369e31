// The greylist desk: who is waiting, what can be said to it, and what came of waiting.

import { el, get, post, say, span, table, tile, time } from "./kit.js";

export const title = "Greylist desk";

const shown = { search: "", order: "new", sort: "" };

const SORTS = {
	Sender: (row) => row.sender,
	Recipient: (row) => row.recipient,
	Identity: (row) => row.identity,
	Client: (row) => row.client,
	Since: (row) => row.first_ms,
	Left: (row) => row.left_ms,
	Tries: (row) => -row.tries,
};

function sorted(rows) {
	const key = SORTS[shown.sort];
	if (!key)
		return rows;
	return [...rows].sort((a, b) => key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}

async function order(path, body, done, button) {
	button.disabled = true;
	try {
		await post(path, body);
		say(done);
		button.textContent = "Done";
	} catch (error) {
		say(error.message, true);
		button.disabled = false;
	}
}

function actions(row, told, session) {
	const sender = row.sender || "<>";
	const { identity, recipient } = row;
	const release = el("button", {
		type: "button", disabled: !session.may_change || row.state === "released",
		"aria-label": `Let the next try of ${sender} to ${recipient} pass`,
		onclick: () => order("/api/greylist/release", { identity, sender: row.sender, recipient },
			`The next try of ${sender} to ${recipient} will pass.`, release),
	}, row.state === "released" ? "Will pass" : "Let the next try pass");
	const trust = el("button", {
		type: "button", disabled: !session.may_change || !told.may_trust,
		"aria-label": `Trust ${identity}`,
		onclick: () => order("/api/greylist/trust", { identity }, `${identity} waits no more.`, trust),
	}, "Trust this identity");
	return [release, trust];
}

function state(row) {
	if (row.state === "released")
		return "will pass";
	return row.left_ms > 0 ? span(row.left_ms) : "may come now";
}

function waiting(rows, told, session, redraw) {
	const heading = (name) => el("button", { type: "button", onclick: () => {
		shown.sort = shown.sort === name ? "" : name;
		redraw();
	} }, shown.sort === name ? `${name} (sorted)` : name);
	const columns = [
		["Sender", (row) => row.sender || "<>"],
		["Recipient", (row) => row.recipient],
		["Identity", (row) => row.proof === "address" ? row.identity : `${row.identity} (${row.proof})`],
		["Client", (row) => row.client],
		["Since", (row) => time(row.first_ms)],
		["Left", state],
		["Tries", (row) => String(row.tries), "number"],
	].map(([name, cell, kind]) => [heading(name), cell, kind]);
	const made = table(told.waiting ? `Waiting: ${told.waiting}; shown: ${rows.length}` : "Nobody waits",
		[...columns, ["To do", (row) => actions(row, told, session), "actions"]], sorted(rows), { class: "cards" });
	for (const cell of made.querySelectorAll("td"))
		cell.dataset.name = cell.dataset.name.replace(" (sorted)", "");
	return made;
}

function share(part, whole) {
	return whole > 0 ? `${part} (${Math.round(100 * part / whole)} %)` : String(part);
}

function outcome(told) {
	const { all } = told;
	return [
		el("dl", { class: "tiles" },
			tile("Had to wait", all.begun), tile("Came back", share(all.came, all.begun)),
			tile("Half of them within", all.came ? span(all.median_ms) : "-"),
			tile("95 of 100 within", all.came ? span(all.p95_ms) : "-"),
			tile("Never came back", share(all.never, all.begun)),
			tile("Of these looked honest", all.never_honest, all.never_honest ? "bad" : "")),
		el("p", { class: "quiet" }, "Honest is who passed SPF and is on no list: mail that greylisting may have cost."),
		table(told.identities.length ? "By identity, those who had to wait last first" : "Nobody had to wait yet", [
			["Identity", (row) => row.identity],
			["Had to wait", (row) => String(row.begun), "number"],
			["Came back", (row) => share(row.came, row.begun), "number"],
			["Median", (row) => row.came ? span(row.median_ms) : "-", "number"],
			["p95", (row) => row.came ? span(row.p95_ms) : "-", "number"],
			["Never", (row) => String(row.never), "number"],
			["Of these honest", (row) => String(row.never_honest), "number"],
		], told.identities, { class: "cards" }),
	];
}

function searchForm(read) {
	const text = el("input", { type: "search", id: "search", maxlength: 100, value: shown.search });
	const first = el("select", { id: "order", onchange: () => {
		shown.order = first.value;
		read();
	} }, el("option", { value: "new", selected: shown.order === "new" }, "latest"),
	el("option", { value: "old", selected: shown.order === "old" }, "oldest"));
	return el("form", { role: "search", onsubmit: (event) => {
		event.preventDefault();
		shown.search = text.value.trim();
		read();
	} }, el("label", { for: "search" }, "Identity, address, sender or recipient", text),
	el("label", { for: "order" }, "First", first), el("button", { type: "submit" }, "Search"));
}

function expectForm(session) {
	const recipient = el("input", { type: "email", id: "expect", required: true, maxlength: 300 });
	const button = el("button", { type: "submit", disabled: !session.may_change }, "Expect for 15 minutes");
	return el("form", { onsubmit: async (event) => {
		event.preventDefault();
		try {
			await post("/api/greylist/expect", { recipient: recipient.value });
			say(`Mail to ${recipient.value} need not wait for 15 minutes.`);
		} catch (error) {
			say(error.message, true);
		}
	} }, el("label", { for: "expect" }, "Expect mail for this address", recipient), button);
}

export function open(main, session) {
	const list = el("div", { id: "waiting" });
	const more = el("button", { type: "button", hidden: true }, "More");
	const came = el("div", { id: "outcome" });
	const note = el("p", { class: "quiet" });
	let rows = [], told = {}, next = 0, pages = 1;

	const redraw = () => list.replaceChildren(waiting(rows, told, session, redraw));
	// A search is answered in pieces: on until something is found, or all was looked at.
	async function read(from = 0) {
		const found = from ? [...rows] : [];
		const before = found.length;
		for (let at = from, pieces = 0; pieces === 0 || (at && found.length === before && pieces < 50); pieces++) {
			told = await get("/api/greylist", { search: shown.search, order: shown.order, from: at || "" });
			found.push(...told.rows);
			at = told.next;
		}
		rows = found;
		pages = from ? pages + 1 : 1;
		next = told.next;
		more.hidden = !next;
		note.textContent = told.is_enforced ? "" : "Greylisting only observes, or is off: nobody is made to wait.";
		redraw();
	}
	const tell = (error) => say(error.message, true);
	more.addEventListener("click", () => read(next).catch(tell));
	main.replaceChildren(el("h2", {}, title), note, searchForm(() => read().catch(tell)), list, more,
		expectForm(session), el("h3", {}, "What came of it, in 30 days"), came);
	return {
		async refresh() {
			// Whoever is about to press a button keeps it under his finger.
			if (pages === 1 && !list.contains(document.activeElement))
				await read();
			came.replaceChildren(...outcome(await get("/api/greylist/outcome")));
		},
	};
}
