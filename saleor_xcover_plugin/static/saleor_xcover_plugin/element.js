// <xcover-offer>: docs/storefront.md
// Nothing is chosen beforehand; the last answer counts.

const LANGUAGES = ["en", "de", "fr", "ar"];
// Empty: the plugin's sentence.
const TEXTS = {
	name: ["Ticket protection", "Ticketschutz", "Protection des billets", "حماية التذاكر"],
	loading: ["Asking for your price…", "Ihr Preis wird angefragt…", "Calcul de votre prix…", "نطلب سعرك…"],
	saving: ["Saving your answer…", "Wird gespeichert…", "Enregistrement…", "نحفظ إجابتك…"],
	total: ["with tax", "mit Steuern", "taxes comprises", "مع الضريبة"],
	each: ["{} per ticket", "{} pro Ticket", "{} par billet", "{} لكل تذكرة"],
	inclusions: ["When it pays", "Wann er zahlt", "Quand elle s’applique", "متى تدفع"],
	benefits: ["What it pays", "Was er zahlt", "Ce qu’elle rembourse", "ماذا تدفع"],
	exclusions: ["Not covered", "Nicht versichert", "Non couvert", "غير مشمول"],
	wording: ["Policy wording", "Bedingungen", "Conditions", "شروط الوثيقة"],
	accepted: ["Yes, with protection", "Ja, mit Schutz", "Oui, avec protection", "نعم، مع الحماية"],
	declined: ["No, without protection", "Nein, ohne Schutz", "Non, sans protection", "لا، من دون حماية"],
	choose: ["Please choose {}", "Bitte wählen {}", "Veuillez choisir {}", "يرجى اختيار {}"],
	closed: ["Cannot be chosen", "Nicht wählbar", "Non disponible", "غير متاح"],
	none: ["None of these", "Nichts davon", "Aucune", "لا شيء منها"],
	unsaved: ["Answer again to save your choice.", "Zum Speichern bitte erneut antworten.", "Répondez à nouveau pour enregistrer.", "أجب من جديد للحفظ."],
	unreachable: ["That did not get through. Please try again.", "Das kam nicht an. Bitte erneut versuchen.", "Cela n’est pas passé. Réessayez.", "لم يصل ذلك. أعد المحاولة."],
	retry: ["Try again", "Erneut versuchen", "Réessayer", "أعد المحاولة"],
	offline: ["You are offline.", "Sie sind offline.", "Vous êtes hors ligne.", "أنت غير متصل."],
	unavailable: ["Ticket protection is not available.", "Kein Ticketschutz verfügbar. Sie können ohne ihn kaufen.", "Protection indisponible. Vous pouvez acheter sans elle.", "الحماية غير متاحة. يمكنك الشراء من دونها."],
	changed: ["The offer has changed. Please answer again.", "Das Angebot ist geändert. Bitte erneut antworten.", "L’offre a changé. Répondez à nouveau.", "تغيّر العرض. أجب من جديد."],
	policyholder_incomplete: ["Please add: {}.", "Bitte ergänzen: {}.", "Veuillez ajouter : {}.", "أضف: {}."],
	first_name: ["first name", "Vorname", "prénom", "الاسم الأول"],
	last_name: ["last name", "Nachname", "nom", "اسم العائلة"],
	email: ["e-mail address", "E-Mail-Adresse", "adresse e-mail", "البريد الإلكتروني"],
	phone: ["phone number", "Telefonnummer", "numéro de téléphone", "رقم الهاتف"],
	country: ["country", "Land", "pays", "البلد"],
	insured_incomplete: ["", "Bitte ergänzen Sie die Angaben aller Ticketinhaber.", "Complétez les données de chaque détenteur de billet.", "أكمل بيانات كل حامل تذكرة."],
	country_missing: ["", "Geben Sie Ihre Adresse ein.", "Saisissez votre adresse.", "أدخل عنوانك."],
	discount_not_supported: ["", "Nicht mit Rabatt kombinierbar.", "Non cumulable avec une remise.", "لا تُجمع الحماية مع الخصم."],
	not_insured: ["", "So sind Ihre Tickets nicht versichert.", "Vos billets ne sont pas assurés.", "تذاكرك غير مؤمنة."],
	payment_started: ["", "Ihre Zahlung läuft bereits.", "Votre paiement a commencé.", "بدأ الدفع بالفعل."],
};
// Codes: another offer; ask again; a yes may hold.
const CHANGED = /check_f|stale|expired|changed|quote|chosen|country_differs/;
const FAILED = /unreachable|internal|bad_request|checkout|xcover_un/;
const UNSURE = /unreachable|offline|internal|payment_started/;
const WAKES = ["online", "visibilitychange"];
const SUBJECT = ["channel", "checkout", "endpoint"];
const FIELDS = `{
	offer { heading title subHeading description extras { label text } disclaimer credibilityMessage priceUnit
		acceptLabel declineLabel declineWarning requiredMessage contentHash answer isShown chosenQuoteIds premium { amount currency }
		groups { slug choice isDisabled minSelect maxSelect quoteIds }
		quotes { id title description badge terms disclaimer pdsUrl premium { amount currency } premiumPerTicket { amount currency }
			inclusions { label text } benefits { label text } exclusions { label text } } }
	errors { code message fields retryAfter } }`;

// Counts up over pages.
const PAGE = `${Math.random()}`;
let turn = Date.now() >>> 9;

const STYLE = new CSSStyleSheet();
// Chosen is a mark, focus a ring.
STYLE.replaceSync(`
:host{display:block;width:100%;container-type:inline-size}
[hidden],:host([hidden]){display:none!important}
*,::before{box-sizing:border-box;margin:0;font-size:1em;unicode-bidi:plaintext}
label,[part=price]{unicode-bidi:isolate}
li *{unicode-bidi:normal}
section,section>div,fieldset,[part=quote],[part=answers]{display:grid;gap:1em}
section{
	padding:1.25em;align-content:start;line-height:1.5;overflow-wrap:anywhere;
	border:1px solid;border-radius:var(--xcover-radius,.75em);background:var(--xcover-ground,Canvas);color:var(--xcover-ink,CanvasText);
}
:host(:is([state=offer],[state=loading])) section{min-height:var(--xcover-reserve,calc(38ch + max(31em,80em - 110cqi)))}
h3,b{font-size:1.25em}
ul{padding-inline-start:1.25em}
a{color:inherit}
fieldset{min-width:0;padding:0;border:0}
[part=quote],[part=answers]{grid-template-columns:repeat(auto-fit,minmax(min(100%,12em),1fr))}
[part=quote]>:first-child{grid-column:1/-1}
[part=hint]{min-height:1.5em}
input{width:1.2em;height:1.2em;vertical-align:middle}
[part=retry]{justify-self:start}
[dir=rtl]{text-align:right}
[part=notice]{padding:.5em 1em;border-inline-start:2px solid}
button{padding:.7em 1em;border:2px solid;border-radius:.5em;background:none;color:inherit;font:inherit;text-align:inherit;cursor:pointer}
:focus-visible{outline:3px solid;outline-offset:3px}
[part=answer]{display:grid;grid-template-columns:2em 1fr}
[part=answer]::before{content:"";grid-row:span 2;align-self:center;width:1.2em;height:1.2em;border:2px solid;border-radius:50%}
[aria-pressed=true]::before{border-width:.4em}
[aria-disabled=true]{border-style:dashed}
[aria-busy=true]::before{border-style:dotted}
[role=status]{position:fixed;top:0;clip-path:inset(50%)}
`);

// No text becomes markup; no two run into one word.
function h(tag, given, ...children) {
	const element = Object.assign(document.createElement(tag), typeof given === "string" ? { part: given } : given);
	element.append(...children.flat(2).filter(Boolean).flatMap((child) => [child, " "]));
	return element;
}
const p = (part, text) => text && h("p", part, text);

function put(element, text) {
	text ||= "";
	if (element.textContent !== text) element.textContent = text;
	element.hidden = !text;
}

// No amount becomes a float.
const units = ({ amount }) => BigInt(amount.replace(".", ""));
const openGroups = ({ groups }) => groups.filter(({ isDisabled }) => !isDisabled);

function onlyId(offer) {
	const [id, another] = openGroups(offer).flatMap(({ quoteIds }) => quoteIds);
	return another ? undefined : id;
}

function problemWith({ groups, requiredMessage }, chosen, { say, rule }) {
	for (const group of groups) {
		const count = group.quoteIds.filter((id) => chosen.includes(id)).length;
		if (count > group.maxSelect) return rule(group);
		if (count < group.minSelect) return requiredMessage || rule(group);
	}
	return chosen.length ? "" : requiredMessage || say("choose", "");
}

function speechOf(wanted) {
	let locale;
	try {
		[locale] = Intl.NumberFormat.supportedLocalesOf(wanted);
	} catch {}
	const column = Math.max(LANGUAGES.indexOf(locale?.split("-")[0]), 0);
	const lang = LANGUAGES[column];
	const say = (key, value) => (TEXTS[key] ?? TEXTS.unavailable)[column].replace("{}", value);
	return {
		lang,
		say,
		tell({ code, message, fields }) {
			if (code === "policyholder_incomplete") return say(code, fields.map((name) => say(name)).join(", "));
			return (!column && message) || say(CHANGED.test(code) ? "changed" : code);
		},
		rule: ({ isDisabled, minSelect, maxSelect }) =>
			say(isDisabled ? "closed" : "choose", minSelect < maxSelect && maxSelect > 1 ? `${minSelect}–${maxSelect}` : maxSelect),
		money(premium, whole = units(premium)) {
			const digits = premium.amount.split(".")[1]?.length ?? 0;
			return new Intl.NumberFormat(locale ?? "en", { style: "currency", currency: premium.currency, minimumFractionDigits: digits }).format(`${whole}e-${digits}`);
		},
	};
}

customElements.define("xcover-offer", class extends HTMLElement {
	static observedAttributes = [...SUBJECT, "locale"];
	answer = null;
	#root = this.attachShadow({ mode: "open" });
	#notice = h("p", "notice");
	#shown = h("div");
	#hint = h("p", "hint");
	// Made once: a press must not be lost.
	#buttons = ["accepted", "declined"].map((id) => h("button", { id, part: "answer", onclick: () => this.#press(id) }, h("strong"), h("span")));
	#answers = h("div", {}, this.#hint, h("div", { part: "answers", role: "group" }, this.#buttons));
	#warning = h("p", "warning");
	#box = h("section", { part: "box", tabIndex: -1 }, this.#notice, this.#shown, this.#answers, this.#warning);
	#status = h("p", { role: "status" });
	#subject;
	#offer;
	#error;
	#told; // in the notice
	#pending; // the last answer, under way
	#sending = new Set();
	#look = 0;
	#isBehind;
	#drawn;
	#problem;

	connectedCallback() {
		this.#root.adoptedStyleSheets = [STYLE];
		this.#root.append(this.#box, this.#status);
		for (const name of WAKES) addEventListener(name, this);
		this.#begin();
	}

	disconnectedCallback() {
		for (const name of WAKES) removeEventListener(name, this);
		this.#look += 1;
	}

	attributeChangedCallback(name, before, now) {
		if (this.isConnected && before !== now) this.#begin();
	}

	handleEvent() {
		if (!document.hidden) this.refresh();
	}

	async refresh(wait = 400, isNew = !this.#offer) {
		const look = (this.#look += 1);
		this.#isBehind = true;
		// It may be from before the answer.
		do await Promise.all(this.#sending);
		while (this.#sending.size);
		if (look !== this.#look || !this.getAttribute("checkout")) return;
		const seen = await this.#ask(isNew ? "insuranceOfferRequest" : "insuranceOffer", isNew && {});
		if (look !== this.#look) return;
		// Not seen yet.
		if (!isNew && !seen.error && !seen.offer?.isShown) return this.refresh(wait, true);
		if (/pending|requests/.test(seen.error?.code)) setTimeout(() => look === this.#look && this.refresh(wait * 2), seen.error.retryAfter * 1000 || wait);
		else this.#take(seen);
	}

	#begin() {
		const subject = `${SUBJECT.map((name) => this.getAttribute(name))}`;
		if (subject !== this.#subject) {
			this.#subject = subject;
			this.answer = this.#offer = this.#told = this.#pending = null;
		}
		this.#error = null;
		this.#draw();
		this.refresh();
	}

	async #ask(name, more) {
		const [channel, checkoutId, endpoint] = SUBJECT.map((each) => this.getAttribute(each));
		const base = (endpoint ?? import.meta.url.split("/plugins/")[0]).replace(/\/$/, "");
		const given = Object.entries({ checkoutId, ...more }).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
		try {
			const response = await fetch(`${base}/plugins/channel/${channel}/covergenius.xcover/graphql`, {
				method: "POST",
				headers: { "Content-Type": "application/json" },
				body: JSON.stringify({ query: `${more ? "mutation" : "query"} { ${name}(${given}) ${FIELDS} }` }),
				signal: AbortSignal.timeout(15000),
			});
			const { offer, errors: [error] } = (await response.json()).data[name];
			if (error) error.code = error.code.toLowerCase();
			if (!offer) return { error };
			offer.answer &&= offer.answer.toLowerCase();
			// Without its wording no offer may be shown.
			return offer.quotes.every(({ pdsUrl }) => /^https?:/i.test(pdsUrl)) ? { offer } : { error: { code: "no_offer" } };
		} catch {
			return { error: { code: navigator.onLine ? "unreachable" : "offline" } };
		}
	}

	#take({ offer, error }) {
		const { answer } = this;
		const before = this.#offer;
		this.#isBehind = false;
		this.#error = error;
		if (!UNSURE.test(error?.code)) {
			this.#offer = offer;
			this.answer = offer?.answer ?? null;
		}
		const isOther = answer !== this.answer;
		// A change has ended a yes.
		if (isOther && answer === "accepted" && !this.answer && error?.code !== "not_insured") this.#told = { code: "offer_stale" };
		else if (this.#told?.wanted ? this.#told.wanted === this.answer : isOther) this.#told = null;
		const isChanged = isOther || JSON.stringify(before) !== JSON.stringify(this.#offer);
		this.#draw(isChanged || error);
		if (before && isChanged) this.#emit("changed", { codes: this.#told ? [this.#told.code] : [], answer: this.answer, premium: offer?.premium });
		if (error) this.#emit("unavailable", { codes: [error.code] });
	}

	#chosen() {
		const id = onlyId(this.#offer);
		return id ? [id] : [...this.#shown.querySelectorAll("input:checked")].map(({ value }) => value).filter(Boolean);
	}

	#press(answer) {
		const isYes = answer === "accepted";
		const quoteIds = isYes ? this.#chosen() : [];
		if (isYes && this.#problem) {
			this.#hint.textContent = this.#problem;
			return this.#announce(this.#problem);
		}
		// A double click is one answer.
		const key = `${[answer, quoteIds]}`;
		if (this.#pending?.key === key) return;
		const given = (this.#pending = { answer, key });
		const { contentHash } = this.#offer;
		const terms = { page: PAGE, turn: ++turn, ...(isYes && { quoteIds, contentHash }) };
		const sent = this.#ask(isYes ? "insuranceAccept" : "insuranceDecline", terms).then((seen) => {
			this.#sending.delete(sent);
			// Overtaken, or for another checkout.
			if (given === this.#pending) this.#settle(answer, seen);
		});
		this.#sending.add(sent);
		this.#look += 1;
		this.#told = null;
		this.#draw(true);
	}

	#settle(answer, { offer, error }) {
		this.#pending = null;
		this.#told = error && { ...error, code: error.code.replace(/busy|offline|.*requests/, "unreachable"), wanted: answer };
		if (offer) {
			this.#offer = offer;
			this.answer = offer.answer;
		}
		this.#draw(true);
		if (offer) this.#emit(this.answer === answer ? answer : "changed", { premium: offer.premium });
		else this.#emit("unavailable", { codes: [error.code], fields: error.fields });
		if (error || this.#isBehind) this.refresh();
		if (UNSURE.test(error?.code)) setTimeout(() => this.isConnected && this.refresh(), 5000);
	}

	#emit(name, detail) {
		this.dispatchEvent(new CustomEvent(`xcover:${name}`, { bubbles: true, composed: true, detail }));
	}

	#draw(isNews) {
		const offer = this.#error ? null : this.#offer;
		const error = this.#error ?? { code: "loading" };
		const state = offer ? "offer" : FAILED.test(error.code) ? "failed" : /^(loading|offline)$/.test(error.code) ? error.code : "unavailable";
		const locale = this.getAttribute("locale") || this.closest("[lang]")?.lang;
		const speech = speechOf(locale);
		const { lang, say, tell } = speech;
		this.setAttribute("state", state);
		this.toggleAttribute("pending", this.#pending);
		Object.assign(this.#box, { lang, dir: lang === "ar" ? "rtl" : "ltr", ariaLabel: say("name"), ariaBusy: !!this.#pending || state === "loading" });
		const sentence = tell(error);
		const told = this.#told ? tell(this.#told) : sentence;
		const { activeElement: focused } = this.#root;
		put(this.#notice, told !== sentence && told);
		put(this.#warning, offer?.declineWarning);
		this.#answers.hidden = !offer;
		// Reading and ticking go on.
		if (this.#drawn !== (this.#drawn = JSON.stringify([offer ?? sentence, locale]))) {
			this.#shown.replaceChildren(...(offer
				? offerContent(offer, speech, () => this.#tick())
				: h("p", {}, h("p", {}, sentence), state === "failed" && h("button", { part: "retry", onclick: () => this.#begin() }, say("retry"))).childNodes));
			if (focused && !focused.isConnected) (this.#root.getElementById(focused.id) ?? this.#box).focus();
		}
		if (offer) this.#drawAnswers(offer, speech);
		if (isNews) this.#announce((this.#pending ? this.#hint : told !== sentence ? this.#notice : this.#box.querySelector("[part=price]") ?? this.#shown).textContent);
	}

	#announce(text) {
		Object.assign(this.#status, { lang: this.#box.lang, textContent: text });
	}

	#tick() {
		this.#draw();
		this.#announce(this.#problem || this.#buttons[0].textContent);
	}

	#drawAnswers(offer, speech) {
		const { say, money } = speech;
		const chosen = this.#chosen();
		const isOpen = !this.answer || (!onlyId(offer) && `${chosen.sort()}` !== `${[...offer.chosenQuoteIds].sort()}`);
		this.#problem = problemWith(offer, chosen, speech);
		this.#hint.textContent = this.#pending ? say("saving") : isOpen ? this.#problem || (this.answer ? say("unsaved") : offer.requiredMessage) : "";
		const sum = offer.quotes.reduce((sum, { id, premium }) => (chosen.includes(id) ? sum + units(premium) : sum), 0n);
		for (const [index, label] of [offer.acceptLabel, offer.declineLabel].entries()) {
			const button = this.#buttons[index];
			const { id } = button;
			put(button.children[0], label || say(id));
			put(button.children[1], (index || sum) && `+ ${money(offer.quotes[0].premium, index ? 0n : sum)}`);
			button.ariaPressed = this.answer === id && !this.#pending && !(isOpen && !index);
			button.ariaBusy = this.#pending?.answer === id;
			button.ariaDisabled = !index && !!this.#problem;
		}
	}
});

function offerContent(offer, speech, onchange) {
	const { say, money, rule } = speech;
	const only = onlyId(offer);
	const price = ({ premium, premiumPerTicket: share }) => h("span", "price",
		h("b", {}, money(premium)), [offer.priceUnit, say("total"), share && `(${say("each", money(share))})`].map((text) => text && h("span", {}, text)));
	const list = (name, points) => points.length > 0 && h("div", name, TEXTS[name] && h("h4", {}, say(name)), h("ul", {}, points.map(({ label, text }) => h("li", {}, label && h("strong", {}, label), h("span", {}, text)))));
	const tickBox = ({ slug, choice }, value, ...label) => h("label", "choice", h("input", { id: `tick ${slug} ${value}`, type: choice === "ALTERNATIVES" ? "radio" : "checkbox", name: slug, value, checked: offer.chosenQuoteIds.includes(value), onchange }), label);
	const quote = (group, { id, ...quote }) => {
		const [title = say("name"), ...lines] = distinct(quote.title, quote.description, quote.badge, quote.terms);
		return h("div", "quote",
			h("div", {}, h("h4", {}, id === only ? title : tickBox(group, id, title, price(quote))), lines.map((text) => p("text", text)),
				h("a", { part: "wording", href: quote.pdsUrl, target: "_blank", rel: "noopener" }, say("wording"))),
			["inclusions", "benefits", "exclusions"].map((name) => list(name, quote[name])),
			quote.disclaimer !== offer.disclaimer && p("disclaimer", quote.disclaimer));
	};
	const groups = offer.groups.map((group) => {
		const cards = group.quoteIds.map((id) => quote(group, offer.quotes.find((each) => each.id === id)));
		if (!group.isDisabled && !cards[1] && !(group.minSelect && !only)) return cards;
		// A radio button cannot be unticked.
		const mayBeNone = group.choice === "ALTERNATIVES" && !group.minSelect && openGroups(offer).length > 1;
		return h("fieldset", { part: "group", disabled: group.isDisabled }, h("legend", {}, rule(group)), cards, mayBeNone && tickBox(group, "", say("none")));
	});
	const [heading = say("name"), ...lines] = distinct(offer.heading, offer.title, offer.subHeading, offer.description);
	return [
		h("h3", "heading", heading),
		lines.map((text) => p("text", text)),
		only && h("p", {}, price(offer.quotes.find(({ id }) => id === only))),
		list("extras", offer.extras),
		groups,
		p("credibility", offer.credibilityMessage),
		p("disclaimer", offer.disclaimer),
	].flat(3).filter(Boolean);
}

const distinct = (...texts) => [...new Set(texts.filter(Boolean))];
