// The frame: who is signed in, which view is shown, and when it is asked for anew.

import { Refused, el, get, post, say } from "./kit.js";
import * as desk from "./desk.js";
import * as now from "./now.js";
import * as submitters from "./submitters.js";
import * as verdicts from "./verdicts.js";

const views = { now, desk, verdicts, submitters };
const EVERY_MS = 5000;

let session = {};
let shown = null;
let timer = 0;

const main = document.getElementById("main");

function wanted() {
	const name = location.hash.slice(1).split("?")[0];
	return views[name] ? name : "now";
}

function showNav(name) {
	const nav = document.getElementById("views");
	nav.hidden = !session.may_look;
	nav.replaceChildren(...Object.entries(views).map(([key, view]) =>
		el("a", { href: `#${key}`, "aria-current": key === name ? "page" : null }, view.title)));
	document.getElementById("sign-out").hidden = !session.may_look || !session.may_change;
}

function showSignIn() {
	showNav("");
	const password = el("input", { type: "password", id: "password", name: "password", required: true,
		autocomplete: "current-password" });
	main.replaceChildren(el("h2", {}, "Sign in"), el("form", {
		onsubmit: async (event) => {
			event.preventDefault();
			try {
				await post("/api/sign-in", { password: password.value });
				say("");
				await begin();
			} catch (error) {
				say(error.message, true);
				password.value = "";
				password.focus();
			}
		},
	}, el("label", { for: "password" }, "Password", password), el("button", { type: "submit" }, "Sign in")));
	password.focus();
}

function fail(error) {
	if (error instanceof Refused && error.status === 401) {
		session = {};
		shown = null;
		showSignIn();
	}
	say(error.message, true);
}

async function refresh() {
	clearTimeout(timer);
	if (shown && !document.hidden) {
		try {
			await shown.refresh();
			if (document.getElementById("said").dataset.lost) {
				delete document.getElementById("said").dataset.lost;
				say("");
			}
		} catch (error) {
			document.getElementById("said").dataset.lost = "1";
			fail(error);
		}
	}
	timer = setTimeout(refresh, EVERY_MS);
}

async function show() {
	if (!session.may_look)
		return;
	const name = wanted();
	showNav(name);
	document.title = `${views[name].title} - sallyport`;
	say("");
	shown = views[name].open(main, session);
	await refresh();
}

async function begin() {
	session = await get("/api/session");
	if (session.may_look)
		await show();
	else
		showSignIn();
}

document.getElementById("sign-out").addEventListener("click", async () => {
	await post("/api/sign-out", {}).catch(() => {});
	shown = null;
	await begin().catch(fail);
});
addEventListener("hashchange", () => show().then(() => main.focus({ preventScroll: true })).catch(fail));
document.addEventListener("visibilitychange", () => refresh());
begin().catch(fail);
