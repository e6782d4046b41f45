import { describe, expect, test } from "@devicescript/test"
import { StreamError } from "../../src/net/stream"
import { HandshakeError } from "../../src/protocol/response"
import {
    backoff,
    BackoffOptions,
    Down,
    Retry,
} from "../../src/websocket/backoff"
import { breathe } from "./check"

/** The end of a connection that was lost after so many milliseconds. */
function lost(lasted = 0, code = 1006): Down {
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
function refused(status: number, retryAfter?: string): Down {
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
        for (let j = 0; j < failures; ++j) pause = policy(lost())
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
            const pause = policy(lost())
            expect(pause >= 0 && pause < 60000).toBe(true)
        }
    })

    test("starts anew after a connection that was stable", () => {
        const policy = backoff({ initial: 10, max: 1000000, stable: 500 })
        for (let i = 0; i < 15; ++i) policy(lost(499))
        expect(policy(lost(500)) < 10).toBe(true)
        for (let i = 0; i < 15; ++i) policy(lost())
        expect(policy(lost(100000)) < 10).toBe(true)
    })

    // RFC 9110, 10.2.3
    test("is at least what the server asks for in seconds, but at most an hour", () => {
        const policy = backoff({ initial: 1, max: 5 })
        expect(policy(refused(503, "120"))).toBe(120000)
        expect(policy(refused(429, "1"))).toBe(1000)
        const far = 99999999999
        expect(policy(refused(503, `${far}`))).toBe(3600000)
        const patient = backoff({ max: 5, maxRetryAfter: 20000 })
        expect(patient(refused(503, "20"))).toBe(20000)
        expect(patient(refused(503, "21"))).toBe(20000)
        const date = "Fri, 31 Dec 1999 23:59:59 GMT"
        for (const other of [undefined, "", "0", "-5", date])
            expect(policy(refused(503, other)) < 5).toBe(true)
    })
})

describe("there is no further attempt", () => {
    function goesOn(policy: Retry, end: Down): boolean {
        return policy(end) !== undefined
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
