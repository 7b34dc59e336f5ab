import { describe, expect, it } from "vitest";
import { type JudgeSettings, type OpenJudge, openJudge } from "../../kernel-lib/src/judge/index.js";
import { openPace } from "../../kernel-lib/src/judge/timing.js";
import {
  completion,
  type JudgeServer,
  judgeServer,
  prefersLonger,
  type Reply,
  type Script,
  setVariable,
  testStore,
  token,
  verdict,
  virtualTime,
} from "./judge-server.js";

const pair = { instruction: "do", a: "xxx", b: "y" };

interface Lab {
  readonly server: JudgeServer;
  readonly judge: OpenJudge;
  readonly slept: readonly number[];
}

async function lab(script: Script, settings: Partial<JudgeSettings> = {}, random = 1): Promise<Lab> {
  const server = await judgeServer(script);
  const { store } = await testStore();
  const timing = virtualTime(random);
  const judge = openJudge(
    { model: "m", baseUrl: server.baseUrl, retries: 3, timeoutMs: 5000, ...settings },
    { store, timing },
  );
  return { server, judge, slept: timing.slept };
}

/** Misbehaves for the first requests, then judges. */
const misbehaves =
  (count: number, reply: Reply): Script =>
  (seen) =>
    seen.index < count ? reply : { json: verdict(0.75) };

const failure = (status: number, error: object = { message: "no" }, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  json: { error },
});

describe("failures that may pass", () => {
  const passing: Readonly<Record<string, Reply>> = {
    "408": failure(408),
    "409": failure(409),
    "429": failure(429),
    "500": failure(500),
    "502 with a page": { status: 502, type: "text/html", text: "<html>Bad gateway</html>" },
    "503": failure(503),
    "529": failure(529),
    "JSON that is none": { type: "application/json", text: '{"choices": [' },
    "a page instead of JSON": { type: "text/html", text: "<html>Log in to the hotel's network</html>" },
    "an empty body": { type: "application/json", text: "" },
    "no choices": { json: { ...verdict(0.5), choices: [] } },
    "two choices": { json: { ...verdict(0.5), choices: [...verdict(0.5).choices, ...verdict(0.5).choices] } },
    "a connection cut in mid-body": { json: verdict(0.5), cutAfter: 40 },
    "a connection reset": { reset: true },
  };
  for (const [name, reply] of Object.entries(passing)) {
    it(`are asked again: ${name}`, async () => {
      const { judge, server } = await lab(misbehaves(2, reply));
      expect((await judge.winProbability([pair]))[0]).toBeCloseTo(0.75, 12);
      expect(server.seen).toHaveLength(3);
      expect(judge.report()).toMatchObject({ calls: 3, verdicts: 1 });
    });

    it(`end in an error that says so: ${name}`, async () => {
      const { judge, server } = await lab(misbehaves(99, reply));
      await expect(judge.winProbability([pair])).rejects.toMatchObject({
        code: "unreachable",
        message: expect.stringContaining(`${server.baseUrl} was asked 4 times without success; last: `),
        hint: expect.stringContaining("finished answers are kept"),
      });
      expect(server.seen).toHaveLength(4);
    });
  }

  for (const hang of ["headers", "body"] as const) {
    it(`are asked again: a server that hangs (${hang})`, async () => {
      const { judge, server } = await lab(misbehaves(2, { hang }), { timeoutMs: 60 });
      expect((await judge.winProbability([pair]))[0]).toBeCloseTo(0.75, 12);
      expect(server.seen).toHaveLength(3);
    });
  }

  it("end in an error that names the timeout, or the system's word for a missing server", async () => {
    const { judge } = await lab(misbehaves(99, { hang: "body" }), { timeoutMs: 40, retries: 1 });
    await expect(judge.winProbability([pair])).rejects.toMatchObject({
      message: expect.stringContaining("no answer within 0.04 s"),
    });
    const { judge: nowhere } = await lab(prefersLonger, { baseUrl: "http://127.0.0.1:9/v1", retries: 0 });
    await expect(nowhere.winProbability([pair])).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/asked once without success; last: no connection/),
    });
  });

  it("a slow answer within the time is waited for", async () => {
    const { judge, server } = await lab(async (seen) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return prefersLonger(seen);
    });
    expect((await judge.winProbability([pair]))[0]).toBeCloseTo(0.75, 12);
    expect(server.seen).toHaveLength(1);
  });

  it("in a batch stop it, after what is under way has been kept", async () => {
    const script: Script = async (seen) => {
      if (seen.body.messages[1]!.content.includes("poison")) return failure(500);
      await new Promise((resolve) => setTimeout(resolve, 40));
      return prefersLonger(seen);
    };
    const { judge, server } = await lab(script, { retries: 0, maxConcurrent: 4 });
    const batch = ["a", "b", "poison", "d", "e", "f"].map((instruction) => ({ ...pair, instruction }));
    await expect(judge.winProbability(batch)).rejects.toMatchObject({ code: "unreachable" });
    expect(server.seen).toHaveLength(4);
    await judge.winProbability(batch.filter(({ instruction }) => instruction !== "poison"));
    expect(server.seen).toHaveLength(4 + 2);
  });
});

describe("pauses", () => {
  it("double, with jitter between a half and a whole", async () => {
    const whole = await lab(misbehaves(3, failure(500)), {}, 1);
    await whole.judge.winProbability([pair]);
    expect(whole.slept).toEqual([500, 1000, 2000]);
    const half = await lab(misbehaves(3, failure(500)), {}, 0);
    await half.judge.winProbability([pair]);
    expect(half.slept).toEqual([250, 500, 1000]);
  });

  it("are as long as the server asks: in seconds, in milliseconds, as a date", async () => {
    const date = new Date(1_700_000_000_000 + 30_000).toUTCString();
    for (const [headers, wait] of [
      [{ "retry-after": "7" }, 7000],
      [{ "retry-after-ms": "1234" }, 1234],
      [{ "retry-after": date }, 30_000],
      [{ "retry-after": "0" }, 500],
      [{ "retry-after": "soon" }, 500],
    ] as const) {
      const { judge, slept } = await lab(misbehaves(1, failure(429, {}, headers)));
      await judge.winProbability([pair]);
      expect(slept[0]).toBe(wait);
    }
  });

  it("asked for by the server hold everybody back", async () => {
    const arrivals: number[] = [];
    const timing = virtualTime();
    const server = await judgeServer((seen) => {
      arrivals.push(timing.now());
      return seen.index === 0 ? failure(429, {}, { "retry-after": "20" }) : { json: verdict(0.5) };
    });
    const { store } = await testStore();
    const judge = openJudge({ model: "m", baseUrl: server.baseUrl, maxConcurrent: 1 }, { store, timing });
    await judge.winProbability([pair, { ...pair, instruction: "2" }]);
    expect(arrivals.slice(1).every((time) => time >= arrivals[0]! + 20_000)).toBe(true);
    const pace = openPace(undefined, timing);
    pace.pause(5000);
    const start = timing.now();
    await pace.turn();
    expect(timing.now() - start).toBe(5000);
  });

  it("of hours are not waited for", async () => {
    const { judge, slept } = await lab(misbehaves(9, failure(429, {}, { "retry-after": "7200" })));
    await expect(judge.winProbability([pair])).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("120 minutes"),
    });
    expect(slept).toEqual([]);
  });

  it("keep to the requests a minute that are allowed", async () => {
    const timing = virtualTime();
    const pace = openPace(30, timing);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      await pace.turn();
      times.push(timing.now());
    }
    expect(times.map((time) => time - times[0]!)).toEqual([0, 2000, 4000, 6000, 8000]);
  });
});

describe("failures that last", () => {
  const lasting: readonly (readonly [string, Reply, string, string])[] = [
    ["400", failure(400, { message: "too long" }), "HTTP 400: too long", "topLogprobs"],
    ["401", failure(401, { message: "bad key" }), "HTTP 401: bad key", "apiKeyVariable"],
    ["403", failure(403), "HTTP 403", "may not use this model"],
    ["404", failure(404, { message: "no model m" }), "HTTP 404: no model m", "baseUrl"],
    ["422", failure(422), "HTTP 422", "log-probabilities"],
    ["an empty account", failure(429, { message: "pay", code: "insufficient_quota" }), "HTTP 429: pay", "quota"],
  ];
  for (const [name, reply, message, hint] of lasting) {
    it(`fail at once with a hint: ${name}`, async () => {
      const { judge, server, slept } = await lab(misbehaves(9, reply));
      await expect(judge.winProbability([pair])).rejects.toMatchObject({
        code: "unreachable",
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      });
      expect(server.seen).toHaveLength(1);
      expect(slept).toEqual([]);
    });
  }

  it("say clearly that log-probabilities are missing", async () => {
    const { judge, server } = await lab(() => ({ json: completion([token("A")], { logprobs: null }) }));
    await expect(judge.winProbability([pair])).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("without log-probabilities"),
      hint: expect.stringContaining("top_logprobs"),
    });
    expect(server.seen).toHaveLength(1);
  });
});

describe("a budget", () => {
  const batch = Array.from({ length: 10 }, (_, i) => ({ ...pair, instruction: `${i}` }));

  it("of calls is never overrun, says what is left, and keeps what is there", async () => {
    const server = await judgeServer(prefersLonger);
    const { store } = await testStore();
    const settings = { model: "m", baseUrl: server.baseUrl, maxConcurrent: 4 };
    const poor = openJudge({ ...settings, budget: { calls: 6 } }, { store });
    await expect(poor.winProbability(batch)).rejects.toMatchObject({
      code: "budget-exhausted",
      message: expect.stringContaining("6 of 6 calls; 6 of 10 answers are there, 4 are left"),
      hint: expect.stringContaining("only the rest"),
    });
    expect(server.seen).toHaveLength(6);
    await openJudge({ ...settings, budget: { calls: 4 } }, { store }).winProbability(batch);
    expect(server.seen).toHaveLength(10);
  });

  it("of tokens and of money is checked before each call", async () => {
    for (const budget of [{ tokens: 600 }, { usd: 0.6 }]) {
      const { judge, server } = await lab(prefersLonger, {
        maxConcurrent: 1,
        budget,
        prices: { input: 1000, output: 0 },
      });
      await expect(judge.winProbability(batch)).rejects.toMatchObject({ code: "budget-exhausted" });
      // 205 tokens (200 of them input) a call: the third reaches either cap.
      expect(server.seen).toHaveLength(3);
    }
  });

  it("counts retries, too", async () => {
    const { judge, server } = await lab(misbehaves(99, failure(500)), { budget: { calls: 2 } });
    await expect(judge.winProbability([pair])).rejects.toMatchObject({ code: "budget-exhausted" });
    expect(server.seen).toHaveLength(2);
  });

  it("of tokens needs a server that counts them", async () => {
    const { usage: _, ...uncounted } = verdict(0.5);
    const { judge } = await lab(() => ({ json: uncounted }), { budget: { tokens: 100 } });
    await expect(judge.winProbability([pair])).rejects.toMatchObject({
      code: "unsupported",
      hint: expect.stringContaining("calls"),
    });
  });
});

describe("settings", () => {
  const open = async (settings: object): Promise<unknown> =>
    Promise.resolve(testStore()).then(({ store }) => openJudge(settings as JudgeSettings, { store }));

  it("are checked, with the field's name", async () => {
    setVariable("OPENAI_API_KEY", "k");
    for (const [settings, message, hint] of [
      [{ model: "" }, "model", undefined],
      [{ model: "m", topLogprobs: 21 }, "topLogprobs", undefined],
      [{ model: "m", baseURL: "http://x" }, '"baseURL"', "baseUrl"],
      [{ model: "m", baseUrl: "ftp://x/" }, "baseUrl", "http"],
      [{ model: "m", baseUrl: "http://user:pw@x/v1" }, "credentials", "apiKeyVariable"],
      [{ model: "m", baseUrl: "http://secret@x/v1" }, "credentials", "apiKeyVariable"],
      [{ model: "m", baseUrl: "http://x/v1?key=secret" }, "query", "apiKeyVariable"],
      [{ model: "m", budget: { usd: 1 } }, "prices", "million"],
      [{ model: "m", apiKeyVariable: "sk-proj-secret-0000" }, "never a key", undefined],
    ] as const) {
      const thrown = await open(settings).catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: "config-invalid", message: expect.stringContaining(message) });
      if (hint !== undefined) expect(thrown).toMatchObject({ hint: expect.stringContaining(hint) });
      expect(String(thrown)).not.toMatch(/secret|pw/);
    }
  });

  it("need a key for OpenAI's own address, as soon as somebody is asked, and none for others", async () => {
    setVariable("OPENAI_API_KEY", undefined);
    const { store } = await testStore();
    const keyless = openJudge({ model: "m" }, { store });
    await expect(keyless.winProbability([pair])).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("OPENAI_API_KEY"),
    });
    expect(keyless.report().calls).toBe(0);
    const known = await judgeServer(prefersLonger);
    await openJudge({ model: "m", baseUrl: known.baseUrl }, { store }).winProbability([pair]);
    expect((await keyless.winProbability([pair]))[0]).toBeCloseTo(0.75, 12);

    const { judge, server } = await lab(prefersLonger);
    await judge.winProbability([pair]);
    expect(server.seen[0]!.authorization).toBe("Bearer none");
  });
});
