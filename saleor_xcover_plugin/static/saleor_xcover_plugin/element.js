// <xcover-offer channel="…" checkout="…" endpoint="https://saleor.example" locale="de">

const LANGUAGES = ["en", "de", "fr", "ar"];
// English for codes comes with the answer; codes without a row are "unavailable".
const TEXTS = {
	name: ["Ticket protection", "Ticketschutz", "Protection des billets", "حماية التذاكر"],
	loading: ["Asking for your price…", "Ihr Preis wird angefragt…", "Calcul de votre prix…", "نطلب سعرك…"],
	total: ["with tax", "mit Steuern", "taxes comprises", "مع الضريبة"],
	each: ["{} per ticket", "{} pro Ticket", "{} par billet", "{} لكل تذكرة"],
	benefits: ["Covered", "Versichert", "Couvert", "مشمول"],
	exclusions: ["Not covered", "Nicht versichert", "Non couvert", "غير مشمول"],
	wording: ["Policy wording ↗", "Bedingungen ↗", "Conditions ↗", "شروط الوثيقة ↗"],
	accepted: ["Yes, with protection", "Ja, mit Schutz", "Oui, avec protection", "نعم، مع الحماية"],
	declined: ["No, without protection", "Nein, ohne Schutz", "Non, sans protection", "لا، من دون حماية"],
	retry: ["Try again", "Erneut versuchen", "Réessayer", "أعد المحاولة"],
	offline: ["You are offline.", "Sie sind offline.", "Vous êtes hors ligne.", "أنت غير متصل."],
	unavailable: ["Ticket protection is not available. You can buy without it.", "Kein Ticketschutz verfügbar. Sie können ohne ihn kaufen.", "Protection indisponible. Vous pouvez acheter sans elle.", "الحماية غير متاحة. يمكنك الشراء من دونها."],
	changed: ["The offer has changed. Please answer again.", "Das Angebot ist geändert. Bitte neu antworten.", "L’offre a changé. Répondez à nouveau.", "تغيّر العرض. أجب من جديد."],
	country_missing: ["", "Geben Sie Ihre Adresse ein.", "Saisissez votre adresse.", "أدخل عنوانك."],
	discount_not_supported: ["", "Nicht mit Ihrem Rabatt kombinierbar.", "Non cumulable avec votre remise.", "لا تُجمع الحماية مع الخصم."],
	too_many_chosen: ["", "Das lässt sich nicht zusammen wählen.", "Ces choix ne se combinent pas.", "لا يمكن الجمع بين هذه الخيارات."],
	too_few_chosen: ["", "Bitte wählen Sie noch einen Schutz oder keinen.", "Choisissez-en une de plus, ou aucune.", "اختر حماية أخرى أو لا شيء."],
	payment_started: ["", "Ihre Zahlung läuft bereits.", "Votre paiement a commencé.", "بدأ الدفع بالفعل."],
	policyholder_incomplete: ["", "Bitte ergänzen Sie Ihre Angaben.", "Complétez vos coordonnées.", "أكمل بياناتك."],
};
// Codes: there is another offer; asking again may help; a yes may still hold.
const CHANGED = /stale|expired|changed|quote|country_differs/;
const FAILED = /unreachable|internal|bad_request|checkout|xcover_un/;
const UNSURE = /unreachable|offline|internal|payment_started/;
const WAKES = ["online", "visibilitychange"]; // or another tab answered
const GIVEN = ["channel", "checkout", "endpoint", "locale"];
const FIELDS = `{
	offer { heading disclaimer contentHash answer ticketCount premium { amount currency }
		quotes { id title description benefits { label text } exclusions { label text } disclaimer pdsUrl premium { amount currency } }
		groups { maxSelect quoteIds } }
	errors { code message fields } }`;

const STYLE = new CSSStyleSheet();
// .roomy: nothing below moves.
STYLE.replaceSync(`
:host{display:block;width:100%;container-type:inline-size}
:host([hidden]){display:none}
*,::before{box-sizing:border-box;margin:0;font-size:1em;unicode-bidi:plaintext}
section{
	--edge:color-mix(in srgb,currentcolor 60%,transparent);
	display:grid;gap:1em;padding:1.25em;align-content:start;line-height:1.5;overflow-wrap:anywhere;
	border:1px solid var(--edge);border-radius:var(--xcover-radius,.75em);background:var(--xcover-ground,Canvas);color:var(--xcover-ink,CanvasText);
}
.roomy{min-height:var(--xcover-reserve,calc(12em + 35ch))}
@container (width < 34em){.roomy{min-height:var(--xcover-reserve,calc(50em + 20ch - 72cqi))} }
h3,b{font-size:1.25em}
ul{padding-inline-start:1.25em}
a{color:inherit}
[part=quote],[part=answers]{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,14em),1fr));gap:.75em}
[part=quote]>:first-child{grid-column:1/-1}
#retry{justify-self:start}
[dir=rtl]{text-align:right}
[part=notice]{padding:.5em 1em;border-inline-start:.3em solid}
button{padding:.7em 1em;border:2px solid var(--edge);border-radius:.5em;background:none;color:inherit;font:inherit;text-align:inherit;cursor:pointer}
[part=answer]{display:grid;grid-template-columns:2em 1fr}
[part=answer]::before{content:"";grid-row:span 2;align-self:center;width:1.2em;height:1.2em;border:2px solid;border-radius:50%}
[aria-pressed=true]{border-color:currentcolor}
[aria-pressed=true]::before{border-width:.4em}
[role=status]{position:fixed;top:0;clip-path:inset(50%)}
`);

// Nothing XCover says becomes markup.
function h(tag, given, ...children) {
	const element = Object.assign(document.createElement(tag), typeof given === "string" ? { part: given } : given);
	element.append(...children.flat(2).filter(Boolean));
	return element;
}
const units = (amount) => BigInt(amount.replace(".", ""));
// A yes takes of each group as many as it allows, the first ones.
const taken = ({ groups }) => groups.flatMap(({ quoteIds, maxSelect }) => quoteIds.slice(0, maxSelect));
function costs(offer) {
	const [{ amount, currency }, ...rest] = offer.quotes.filter(({ id }) => taken(offer).includes(id)).map(({ premium }) => premium);
	const digits = amount.split(".")[1]?.length ?? 0;
	const whole = String(rest.reduce((sum, each) => sum + units(each.amount), units(amount))).padStart(digits + 1, "0");
	return { amount: digits ? `${whole.slice(0, -digits)}.${whole.slice(-digits)}` : whole, currency };
}

customElements.define("xcover-offer", class extends HTMLElement {
	static observedAttributes = GIVEN;
	answer = null;
	#root = this.attachShadow({ mode: "open" });
	#box = h("section", { part: "box", tabIndex: -1 });
	#status = h("p", { role: "status" });
	#turn = 0;
	#seen = {};
	#notice;
	#answering;

	connectedCallback() {
		this.#root.adoptedStyleSheets = [STYLE];
		this.#root.append(this.#box, this.#status);
		for (const name of WAKES) addEventListener(name, this);
		this.#begin();
	}

	disconnectedCallback() {
		for (const name of WAKES) removeEventListener(name, this);
		this.#turn += 1;
	}

	attributeChangedCallback(name, before, now) {
		if (this.isConnected && before !== now) this.#begin();
	}

	handleEvent() {
		if (!document.hidden) this.refresh();
	}

	async refresh(wait = 400) {
		const turn = (this.#turn += 1);
		await this.#answering;
		if (turn !== this.#turn || !this.getAttribute("checkout")) return;
		const seen = await this.#ask("insuranceOffer");
		// A late answer must not replace a newer one.
		if (turn !== this.#turn) return;
		if (seen.error?.code !== "offer_pending") this.#take(seen);
		else setTimeout(() => turn === this.#turn && this.refresh(wait * 2), wait);
	}

	#begin() {
		this.#seen = {};
		this.answer = this.#notice = null;
		this.#draw();
		this.refresh();
	}

	async #ask(name, more) {
		const [channel, checkoutId, endpoint] = GIVEN.map((each) => this.getAttribute(each));
		const base = (endpoint ?? import.meta.url.split("/plugins/")[0]).replace(/\/$/, "");
		const given = Object.entries({ checkoutId, ...more }).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
		this.#box.ariaBusy = true;
		try {
			const response = await fetch(`${base}/plugins/channel/${channel}/covergenius.xcover/graphql`, {
				method: "POST",
				headers: { "Content-Type": "application/json" },
				body: JSON.stringify({ query: `${more ? "mutation" : "query"} { ${name}(${given}) ${FIELDS} }` }),
				signal: AbortSignal.timeout(15000),
			});
			const { offer, errors: [error] } = (await response.json()).data[name];
			if (offer) offer.premium ??= costs(offer);
			// Without its wording no offer may be shown.
			return offer?.quotes.some(({ pdsUrl }) => !/^https?:/i.test(pdsUrl)) ? { error: { code: "no_offer" } } : { offer, error };
		} catch {
			return { error: { code: navigator.onLine ? "unreachable" : "offline" } };
		}
	}

	#take({ offer, error }) {
		const { answer } = this;
		const before = this.#seen.offer;
		if (!UNSURE.test(error?.code)) this.answer = offer?.answer ?? null;
		// Nobody must believe to be insured when a change has ended a yes.
		if (answer === "accepted" && !this.answer) this.#notice = { code: "offer_stale" };
		if (this.answer && answer !== this.answer) this.#notice = null;
		const isChanged = answer !== this.answer || before?.contentHash !== offer?.contentHash;
		this.#seen = { offer, error };
		this.#draw(isChanged || error);
		if (before && isChanged) this.#emit("changed", { codes: this.#notice ? [this.#notice.code] : [], answer: this.answer, premium: offer?.premium });
		if (error) this.#emit("unavailable", { codes: [error.code] });
	}

	async #send(answer) {
		const seen = this.#seen;
		const { contentHash } = seen.offer;
		this.#turn += 1;
		const yes = { quoteIds: taken(seen.offer), contentHash };
		const { offer, error } = await (answer === "accepted" ? this.#ask("insuranceAccept", yes) : this.#ask("insuranceDecline", {}));
		if (seen !== this.#seen) return;
		this.#notice = error;
		if (offer) {
			this.#seen = { offer };
			this.answer = answer;
		}
		this.#draw(error);
		if (offer) this.#emit(answer, { premium: offer.premium });
		else {
			this.#emit("unavailable", { codes: [error.code], fields: error.fields });
			this.refresh();
		}
	}

	#emit(name, detail) {
		this.dispatchEvent(new CustomEvent(`xcover:${name}`, { bubbles: true, composed: true, detail }));
	}

	#draw(isNews) {
		const { offer, error = { code: "loading" } } = this.#seen;
		let locale;
		try {
			[locale] = Intl.NumberFormat.supportedLocalesOf(this.getAttribute("locale") || this.closest("[lang]")?.lang);
		} catch {}
		const column = Math.max(LANGUAGES.indexOf(locale?.split("-")[0]), 0);
		const say = (key) => (TEXTS[key] ?? TEXTS.unavailable)[column];
		const tell = ({ code, message }) => (!column && message) || say(CHANGED.test(code) ? "changed" : code);
		// No amount becomes a float.
		const money = ({ amount, currency }, whole = units(amount)) => {
			const digits = amount.split(".")[1]?.length ?? 0;
			return new Intl.NumberFormat(locale ?? "en", { style: "currency", currency, minimumFractionDigits: digits }).format(`${whole}e-${digits}`);
		};
		// A double click is one answer.
		const onclick = ({ currentTarget: { id } }) => (this.#answering ??= this.#send(id).finally(() => (this.#answering = null)));
		const state = offer ? "offer" : FAILED.test(error.code) ? "failed" : error.code.match(/^(loading|offline)$/)?.[0] ?? "unavailable";
		const focused = this.#root.activeElement;
		this.setAttribute("state", state);
		const lang = LANGUAGES[column];
		Object.assign(this.#box, { lang, dir: lang === "ar" ? "rtl" : "ltr", ariaLabel: say("name"), ariaBusy: state === "loading", className: /offer|loading/.test(state) ? "roomy" : "" });
		this.#box.replaceChildren(...h("p", {},
			this.#notice && h("p", "notice", tell(this.#notice)),
			offer ? offered(offer, say, money, onclick) : h("p", {}, tell(error)),
			state === "failed" && h("button", { id: "retry", part: "retry", onclick: () => this.refresh() }, say("retry")),
		).childNodes);
		if (focused) (this.#root.getElementById(focused.id) ?? this.#box).focus();
		const news = this.#box.querySelector("[part=notice], [part=price]") ?? this.#box;
		if (isNews) this.#status.replaceChildren(h("span", { lang }, news.textContent));
	}
});

function offered({ quotes, premium, ticketCount, ...offer }, say, money, onclick) {
	const whole = units(premium.amount);
	const count = BigInt(ticketCount);
	const share = say("each").replace("{}", money(premium, (2n * whole + count) / (2n * count)));
	// One part for both: neither answer stands out, none is chosen beforehand.
	const choice = (id, added) => h("button", { id, part: "answer", ariaPressed: id === offer.answer, onclick }, h("strong", {}, say(id)), h("span", {}, `+ ${money(premium, added)}`));
	const list = (name, { [name]: texts }) => texts[0] && h("div", name, h("h4", {}, say(name)), h("ul", {}, texts.map(({ label, text }) => h("li", {}, label && h("b", {}, label), label && " ", text))));
	return [
		h("h3", "heading", offer.heading),
		h("p", "price", h("b", {}, money(premium)), ` ${say("total")}`, count > 1 && `, ${whole % count ? "≈ " : ""}${share}`),
		quotes.map((quote) => h("div", "quote",
			h("div", {}, h("h4", {}, quote.title), h("p", {}, quote.description), quotes[1] && money(quote.premium),
				h("a", { part: "wording", href: quote.pdsUrl, target: "_blank", rel: "noopener" }, say("wording"))),
			list("benefits", quote), list("exclusions", quote),
			quote.disclaimer !== offer.disclaimer && h("p", "disclaimer", quote.disclaimer))),
		h("p", "disclaimer", offer.disclaimer),
		h("div", { part: "answers", role: "group" }, choice("accepted", whole), choice("declined", 0n)),
	];
}
