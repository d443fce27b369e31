// What every view needs: elements, requests, words for times. Texts from strangers become
// text nodes and nothing else: there is no innerHTML here.

export function el(name, attributes = {}, ...children) {
	const node = document.createElement(name);
	fill(node, attributes, children);
	return node;
}

export function svg(name, attributes = {}, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", name);
	fill(node, attributes, children);
	return node;
}

function fill(node, attributes, children) {
	for (const [key, value] of Object.entries(attributes)) {
		if (key === "onclick" || key === "onsubmit" || key === "onchange")
			node.addEventListener(key.slice(2), value);
		else if (value === true)
			node.setAttribute(key, "");
		else if (value !== false && value !== null && value !== undefined)
			node.setAttribute(key, value);
	}
	node.append(...children.filter((child) => child !== null && child !== undefined));
}

export class Refused extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

async function answer(response) {
	const told = await response.json().catch(() => ({}));
	if (!response.ok)
		throw new Refused(response.status, told.error || `the answer was ${response.status}`);
	return told;
}

export async function get(path, words = {}) {
	const query = new URLSearchParams(Object.entries(words).filter(([, value]) => value)).toString();
	return answer(await fetch(query ? `${path}?${query}` : path, { credentials: "same-origin" }));
}

export async function post(path, body) {
	return answer(await fetch(path, {
		method: "POST",
		credentials: "same-origin",
		headers: { "Content-Type": "application/json", "X-Sallyport": "1" },
		body: JSON.stringify(body),
	}));
}

export function say(text, isBad = false) {
	const place = document.getElementById("said");
	place.className = isBad ? "bad" : "";
	place.textContent = text;
}

export function span(ms) {
	const seconds = Math.max(0, Math.round(ms / 1000));
	if (seconds < 120)
		return `${seconds} s`;
	if (seconds < 7200)
		return `${Math.round(seconds / 60)} min`;
	if (seconds < 172800)
		return `${Math.round(seconds / 3600)} h`;
	return `${Math.round(seconds / 86400)} d`;
}

export function time(ms) {
	return el("time", { datetime: new Date(ms).toISOString() }, new Date(ms).toLocaleString());
}

export function tile(name, value, className = "") {
	return el("div", {}, el("dt", {}, name), el("dd", { class: className }, String(value)));
}

// `columns` are [heading, a function from a row to its cell, class].
export function table(caption, columns, rows, attributes = {}) {
	const head = columns.map(([name, , kind]) =>
		el("th", { scope: "col", class: kind }, name));
	const body = rows.map((row) => el("tr", {}, ...columns.map(([name, cell, kind]) => {
		const made = cell(row);
		return el("td", { class: kind, "data-name": typeof name === "string" ? name : name.textContent },
			...(Array.isArray(made) ? made : [made === null || made === undefined ? "" : made]));
	})));
	return el("div", { class: "wide" }, el("table", attributes, el("caption", {}, caption),
		el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body)));
}
