/** The verdict over a run: the board's log and the server's record, made up here. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { judge, RESET, reversed, type Evidence } from "../hil/judge.ts"
import type { Recorded } from "../hil/server-side.ts"

const message = (n: number) => `Hi ${n}`

/** A clean run of so many exchanges, a line a millisecond. */
function clean(count: number): { log: string[]; record: string[] } {
    const log = ["open 1"]
    const record = ["connection"]
    for (let n = 1; n <= count; n++) {
        log.push(
            `sent ${n} "Hi ${n}"`,
            `right ${n} "${reversed(message(n))}" 1 ms`
        )
        record.push(`message Hi ${n}`, `reply ${reversed(message(n))}`)
    }
    log.push(sums(count, count, 0), 'closed 1000 ""')
    return { log, record: [...record, "close"] }
}

function sums(sent: number, right: number, lost: number) {
    return `summary sent=${sent} right=${right} wrong=0 lost=${lost} late=0 reconnects=0 rtt=1/1/1`
}

function evidence(
    { log, record }: { log: string[]; record: string[] },
    faults: Evidence["faults"] = []
): Evidence {
    return {
        log: log.map((text, at) => ({ at, text })),
        record: record.map((line, at): Recorded => {
            const [event, ...data] = line.split(" ")
            if (event === "connection") return { at, event }
            if (event === "close")
                return { at, event, code: Number(data[0] ?? 1000) }
            return {
                at,
                event: event as "message" | "reply",
                data: data.join(" "),
            }
        }),
        faults,
        message,
    }
}

/** Takes lines that match out of a list, or puts others in their place. */
function without(lines: string[], pattern: RegExp, ...instead: string[]) {
    assert.ok(lines.some(line => pattern.test(line)))
    return lines.flatMap(line => (pattern.test(line) ? instead : [line]))
}

test("a clean run has no problems", () => {
    const { problems, figures } = judge(evidence(clean(3)))
    assert.deepEqual(problems, [])
    assert.equal(figures.right, 3)
    assert.equal(figures.silentlyLost, 0)
})

const SPOILT: [what: string, problem: RegExp, of: ReturnType<typeof clean>][] =
    [
        [
            "a message that nothing more is said of",
            /^silently lost: 2$/,
            {
                ...clean(3),
                log: without(
                    without(clean(3).log, /^right 2 /),
                    /^summary/,
                    sums(3, 2, 0)
                ),
            },
        ],
        [
            "a message that is lost where none may be",
            /^expected lost 0, it is 1$/,
            {
                ...clean(3),
                log: without(
                    without(clean(3).log, /^right 2 /, "lost 2 somehow"),
                    /^summary/,
                    sums(3, 2, 1)
                ),
            },
        ],
        [
            "a right reply to a message that the server never saw",
            /^the board calls 2 right, and the server never saw it$/,
            {
                ...clean(3),
                record: without(clean(3).record, /^message Hi 2$/),
            },
        ],
        [
            "a right reply that the server never gave",
            /^the board calls 2 right, and the server never replied so$/,
            {
                ...clean(3),
                record: without(clean(3).record, /^reply 2 iH$/, "reply Hi 2"),
            },
        ],
        [
            "a message at the server that the board never sent",
            /^expected spoilt 0, it is 1$/,
            { ...clean(3), record: [...clean(3).record, "message Hi 7"] },
        ],
        [
            "sums that are not those of the lines",
            /^the board sums up ".* lost=1 .*", its lines ".* lost=0 .*"$/,
            {
                ...clean(3),
                log: without(clean(3).log, /^summary/, sums(3, 3, 1)),
            },
        ],
        [
            "a number that is left out",
            /^message 3 was sent after 1$/,
            {
                log: without(
                    without(clean(3).log, / 2 "/),
                    /^summary/,
                    sums(2, 2, 0)
                ),
                record: without(clean(3).record, /^message Hi 2$/),
            },
        ],
        [
            "a message that reaches the server twice",
            /^expected repeated 0, it is 1$/,
            {
                ...clean(3),
                record: without(
                    clean(3).record,
                    /^message Hi 2$/,
                    "message Hi 2",
                    "message Hi 2"
                ),
            },
        ],
        [
            "a connection that the server knows nothing of",
            /^the board opened 1 connections, the server accepted 0$/,
            { ...clean(3), record: without(clean(3).record, /^connection$/) },
        ],
        [
            "a clean end that the server did not see",
            /^the board closed with 1000, the server saw 1006$/,
            {
                ...clean(3),
                record: without(clean(3).record, /^close$/, "close 1006"),
            },
        ],
        [
            "another end",
            /^expected the end .*, it is closed 1006 "gone"$/,
            {
                ...clean(3),
                log: without(clean(3).log, /^closed/, 'closed 1006 "gone"'),
            },
        ],
        [
            "no end",
            /^expected the end .*, it is undefined$/,
            { ...clean(3), log: without(clean(3).log, /^closed/) },
        ],
    ]

for (const [what, problem, of] of SPOILT)
    test(`${what} is a problem`, () => {
        const { problems } = judge(evidence(of))
        assert.equal(problems.length, 1, problems.join("\n"))
        assert.match(problems[0], problem)
    })

test("lines that are expected have to come in their order", () => {
    const log = [/^sent 2 /, /^right 1 /]
    const { problems } = judge(evidence(clean(2)), { log })
    assert.match(problems[0], /^expected .*right 1 .* in the log after line 4/)
    assert.deepEqual(
        judge(evidence(clean(2)), { log: log.reverse() }).problems,
        []
    )
})

test("what a reset of the board cut off is not silently lost, and only that", () => {
    const { log, record } = clean(2)
    const lines = ["open 1", 'sent 1 "Hi 1"', ...log]
    const before = ["connection", "message Hi 1"]
    const both = { log: lines, record: [...before, ...record] }
    const reset = { name: RESET, from: 1.5, to: 1.5 }
    const expected = { connections: 2 }
    assert.deepEqual(judge(evidence(both, [reset]), expected).problems, [])
    assert.deepEqual(judge(evidence(both), expected).problems, [
        "silently lost: 1",
    ])
})

test("the way back counts from the moment that the way was free", () => {
    const log = [
        "open 1",
        'down 1006 "gone" again in 3 ms',
        "something",
        "something",
        "open 2",
    ]
    const outage = { name: "server killed", from: 0.5, to: 2.5 }
    const bent = { name: "link: latency 1", from: 0.7 }
    const { reconnections } = judge(
        evidence({ log, record: [] }, [outage, bent])
    )
    assert.deepEqual(reconnections, [
        { fault: "server killed", noticed: 0.5, took: 1.5 },
    ])
})
