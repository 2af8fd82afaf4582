import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Seen } from "../src/offer/api";
import { Conversation } from "../src/offer/conversation";
import { offer } from "./offers";

/** A plugin that answers when it is told to, in any order. */
class SlowPlugin {
  readonly asked: string[] = [];
  readonly told: Record<string, unknown>[] = [];
  readonly #open: ((seen: Seen) => void)[] = [];

  ask(name: string, more: Record<string, unknown> = {}): Promise<Seen> {
    this.asked.push(name);
    this.told.push(more);
    return new Promise((resolve) => this.#open.push(resolve));
  }

  /** Answers the question at `place`, and lets everything that follows from it happen. */
  async answer(place: number, seen: Seen): Promise<void> {
    this.#open[place]?.(seen);
    await vi.advanceTimersByTimeAsync(0);
  }
}

let plugin: SlowPlugin;
let events: string[];
let talk: Conversation;

beforeEach(async () => {
  vi.useFakeTimers();
  plugin = new SlowPlugin();
  events = [];
  talk = new Conversation({
    isThere: () => true,
    ask: (name, more) => plugin.ask(name, more as Record<string, unknown>),
    changed: () => {},
    emit: (name) => events.push(name),
  });
  talk.begin(true);
  await vi.advanceTimersByTimeAsync(0);
  await plugin.answer(0, { offer: offer() });
});

describe("a conversation about a checkout", () => {
  it("requests the offer once and gives no answer by itself", () => {
    expect(plugin.asked).toEqual(["insuranceOfferRequest"]);
    expect([talk.answer, talk.pending, events]).toEqual([null, null, []]);
  });

  it("lets the last answer count when the first comes back last", async () => {
    talk.give("accepted", ["a"]);
    talk.give("declined", []);

    await plugin.answer(2, { offer: offer({ answer: "declined" }) });
    await plugin.answer(1, { offer: offer({ answer: "accepted" }) });

    expect([talk.answer, talk.pending, events]).toEqual(["declined", null, ["declined"]]);
  });

  it("numbers its answers upwards, on one page", () => {
    talk.give("accepted", ["a"]);
    talk.give("declined", []);

    const [, yes, no] = plugin.told;
    expect(yes).toMatchObject({ quoteIds: ["a"], contentHash: "hash" });
    expect(no?.["page"]).toBe(yes?.["page"]);
    expect(no?.["turn"]).toBe(Number(yes?.["turn"]) + 1);
    expect(no).not.toHaveProperty("quoteIds");
  });

  it("takes the same press again for a double click", () => {
    talk.give("accepted", ["a"]);
    talk.give("accepted", ["a"]);

    expect(plugin.asked).toEqual(["insuranceOfferRequest", "insuranceAccept"]);
  });

  it("asks the server what holds when an answer is lost, and again later", async () => {
    talk.give("accepted", ["a"]);
    await plugin.answer(1, { error: { code: "unreachable" } });
    expect(plugin.asked.slice(2)).toEqual(["insuranceOffer"]);

    await plugin.answer(2, { offer: offer() });
    expect(talk.told?.code).toBe("unreachable");
    await vi.advanceTimersByTimeAsync(5000);
    await plugin.answer(3, { offer: offer({ answer: "accepted" }) });

    expect([talk.answer, talk.told]).toEqual(["accepted", null]);
  });

  it("does not overwrite an answer by a look from before it", async () => {
    void talk.refresh();
    await vi.advanceTimersByTimeAsync(0);
    talk.give("accepted", ["a"]);

    await plugin.answer(2, { offer: offer({ answer: "accepted" }) });
    await plugin.answer(1, { offer: offer() });

    expect(talk.answer).toBe("accepted");
  });

  it("says that a change has ended a yes", async () => {
    talk.give("accepted", ["a"]);
    await plugin.answer(1, { offer: offer({ answer: "accepted" }) });
    void talk.refresh();
    await vi.advanceTimersByTimeAsync(0);

    await plugin.answer(2, { offer: offer({ contentHash: "other" }) });

    expect([talk.answer, talk.told?.says]).toEqual([null, "changed"]);
    expect(events).toEqual(["accepted", "changed"]);
  });

  it("asks for a pending price again after 0.4, 0.8 and 1.6 seconds", async () => {
    talk.begin(true);
    const pending = { error: { code: "offer_pending" } };
    for (const [at, wait] of [400, 800, 1600].entries()) {
      await vi.advanceTimersByTimeAsync(0);
      await plugin.answer(at + 1, pending);
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(plugin.asked).toHaveLength(at + 2);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(plugin.asked).toHaveLength(5);
  });

  it("hears nothing any more once it has ended", async () => {
    void talk.refresh();
    await vi.advanceTimersByTimeAsync(0);
    talk.end();

    await plugin.answer(1, { offer: offer({ answer: "declined" }) });

    expect([talk.answer, events]).toEqual([null, []]);
  });
});
