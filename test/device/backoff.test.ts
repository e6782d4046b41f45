import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { HandshakeError } from "../../src/protocol/handshake"
import { Outgoing, wholeMessage } from "../../src/protocol/outgoing"
import { backoff, BackoffOptions } from "../../src/websocket/reconnect"
import { CloseEvent, Reconnect } from "../../src/websocket/websocket"
import { expectText, expectThrow, breathe } from "./check"

/** The end of a connection that was lost after so many milliseconds. */
function lost(lasted = 0, code = 1006): CloseEvent {
    const error = new StreamError("lost")
    return {
        code,
        reason: "",
        wasClean: false,
        error,
        lasted,
        retry: undefined,
    }
}

/** The end of an attempt that the server refused. */
function refused(status: number, retryAfter?: string): CloseEvent {
    const error = new HandshakeError(status, "no", undefined, retryAfter)
    return { ...lost(), error }
}

/** The longest of many pauses after so many failures in a row; below the ceiling by a part that chance makes tiny. */
async function longest(
    failures: number,
    options: BackoffOptions
): Promise<number> {
    let most = 0
    for (let i = 0; i < 60; ++i) {
        await breathe()
        const policy = backoff(options)
        let pause = 0
        for (let j = 0; j < failures; ++j) pause = policy.pause(lost())
        expect(pause >= 0).toBe(true)
        most = Math.max(most, pause)
    }
    return most
}

async function expectCeiling(
    failures: number,
    options: BackoffOptions,
    ceiling: number
) {
    const most = await longest(failures, options)
    // 60 draws that all miss the upper half: once in 10^18
    if (most >= ceiling || most < ceiling / 2)
        throw new Error(
            `expected pauses up to ${ceiling} after ${failures} failures, got up to ${most}`
        )
}

describe("the pause", () => {
    test("is random, up to a ceiling that doubles with each failure", async () => {
        const options = { initial: 100, max: 1000000 }
        for (let failures = 1; failures <= 5; ++failures)
            await expectCeiling(
                failures,
                options,
                100 * Math.pow(2, failures - 1)
            )
    })

    test("stops growing at the maximum", async () => {
        await expectCeiling(5, { initial: 100, max: 500 }, 500)
        await expectCeiling(1, { initial: 100, max: 50 }, 50)
    })

    test("is up to a second at first, and never more than a minute", async () => {
        await expectCeiling(1, undefined, 1000)
        const policy = backoff()
        for (let i = 0; i < 100; ++i) {
            const pause = policy.pause(lost())
            expect(pause >= 0 && pause < 60000).toBe(true)
        }
    })

    test("starts anew after a connection that was stable", () => {
        const policy = backoff({ initial: 10, max: 1000000, stable: 500 })
        for (let i = 0; i < 15; ++i) policy.pause(lost(499))
        expect(policy.pause(lost(500)) < 10).toBe(true)
        for (let i = 0; i < 15; ++i) policy.pause(lost())
        expect(policy.pause(lost(100000)) < 10).toBe(true)
    })

    // RFC 9110, 10.2.3
    test("is at least what the server asks for in seconds", () => {
        const policy = backoff({ initial: 1, max: 5 })
        expect(policy.pause(refused(503, "120"))).toBe(120000)
        expect(policy.pause(refused(429, "1"))).toBe(1000)
        const date = "Fri, 31 Dec 1999 23:59:59 GMT"
        for (const other of [undefined, "", "0", "-5", date])
            expect(policy.pause(refused(503, other)) < 5).toBe(true)
    })
})

describe("there is no further attempt", () => {
    function goesOn(policy: Reconnect, end: CloseEvent): boolean {
        return policy.pause(end) >= 0
    }

    test("after a number of failures in a row", () => {
        const policy = backoff({ attempts: 2, stable: 500 })
        expect(goesOn(policy, lost())).toBe(true)
        expect(goesOn(policy, lost())).toBe(true)
        expect(goesOn(policy, lost())).toBe(false)
        const other = backoff({ attempts: 2, stable: 500 })
        for (let i = 0; i < 5; ++i) {
            expect(goesOn(other, lost(500))).toBe(true)
            expect(goesOn(other, lost())).toBe(true)
        }
    })

    test("after 1008, but after any other code", () => {
        expect(goesOn(backoff(), lost(0, 1008))).toBe(false)
        for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000])
            expect(goesOn(backoff(), lost(0, code))).toBe(true)
    })

    test("after a refusal that will not change", () => {
        for (const status of [400, 401, 403, 404, 410, 426, 499])
            expect(goesOn(backoff(), refused(status))).toBe(false)
        for (const status of [200, 302, 408, 425, 429, 500, 502, 503])
            expect(goesOn(backoff(), refused(status))).toBe(true)
    })

    test("after options that can't be sent, and URLs that are none", () => {
        for (const error of [new RangeError("header"), new TypeError("URL")])
            expect(goesOn(backoff(), { ...lost(), error })).toBe(false)
    })

    test("when the program says so, and only then", () => {
        const policy = backoff({ final: end => end.code === 1000 })
        expect(goesOn(policy, lost(0, 1000))).toBe(false)
        expect(goesOn(policy, lost(0, 1008))).toBe(true)
        expect(goesOn(policy, refused(403))).toBe(true)
    })
})

describe("the queue", () => {
    /** The queue after the messages are admitted, and behind it those that had to give way. */
    function admitted(options: BackoffOptions, messages: string[]): string {
        const policy = backoff(options)
        const queue: Outgoing[] = []
        const dropped: Outgoing[] = []
        for (const message of messages)
            dropped.pushRange(policy.admit(queue, wholeMessage(message)))
        return (
            queue.map(item => item.data).join() +
            " / " +
            dropped.map(item => item.data).join()
        )
    }

    function expectFull(options: BackoffOptions, messages: string[]) {
        expectThrow(() => admitted(options, messages), RangeError, "full")
    }

    test("takes 16 messages of 4 KB together", () => {
        const messages: string[] = []
        for (let i = 0; i < 16; ++i) messages.push(`${i}`)
        expectText(admitted(undefined, messages), messages.join() + " / ")
        messages.push("16")
        expectFull(undefined, messages)
        let long = "0123456789abcdef"
        while (long.length < 4096) long += long
        expectText(admitted(undefined, [long]), long + " / ")
        expectFull(undefined, [long, "x"])
        expectFull(undefined, [long + "x"])
    })

    test("refuses the newest message when it is full", () => {
        expectText(admitted({ messages: 2 }, ["a", "b"]), "a,b / ")
        expectFull({ messages: 2 }, ["a", "b", "c"])
        expectText(admitted({ bytes: 4 }, ["ä", "bc"]), "ä,bc / ")
        expectFull({ bytes: 4 }, ["ä", "b", "cd"])
        expectFull({ messages: 0 }, ["a"])
        expectFull({ bytes: 0 }, ["a"])
    })

    test("or lets the oldest ones go", () => {
        const oldest: BackoffOptions = { drop: "oldest" }
        expectText(
            admitted({ ...oldest, messages: 2 }, ["a", "b", "c", "d"]),
            "c,d / a,b"
        )
        expectText(
            admitted({ ...oldest, bytes: 4 }, ["a", "b", "cd", "efg"]),
            "efg / a,b,cd"
        )
        expectFull({ ...oldest, bytes: 4 }, ["a", "bcdef"])
    })
})
