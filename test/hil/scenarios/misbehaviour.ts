/** Servers that refuse, and servers that break the protocol. */
import { BINARY, closeFrame, frame, TEXT } from "../../wire/frames.ts"
import { reply, type Answer } from "../../wire/handshake.ts"
import type { Scenario } from "../scenario.ts"

const answer =
    (...lines: string[]): Answer =>
    () =>
        reply(...lines)

/** A server that does not want the board, now or ever: the program ends. */
function refusedForGood(status: number, reason: string): Scenario {
    return {
        name: `refused-${status}`,
        what: `The server answers the handshake with ${status}: the board says so and does not come again.`,
        deadline: 30,
        prepare: bench =>
            bench.impostor({
                name: `answers ${status}`,
                answer: answer(
                    `HTTP/1.1 ${status} ${reason}`,
                    "Content-Length: 0"
                ),
            }),
        expect: {
            connections: 0,
            end: new RegExp(`^closed 1006 ".*\\b${status}\\b.*"$`),
        },
        check: ({ record }) =>
            record.map(({ event }) => event).join() === "refused"
                ? []
                : [
                      `expected one request, the server saw ${record.map(({ event }) => event).join(", ")}`,
                  ],
    }
}

/** A handshake that fails, and a server that is well when the board comes again. */
function badAnswer(
    name: string,
    what: string,
    lines: string[],
    down: RegExp
): Scenario {
    return {
        name,
        what,
        deadline: 60,
        prepare: bench => bench.impostor({ name, answer: answer(...lines) }),
        expect: { log: [down, /^open 1$/] },
    }
}

/** The server does something that it must not after five good exchanges: the board ends the connection with `code`. */
function violation(
    name: string,
    what: string,
    send: Uint8Array[],
    code: number,
    lost = 0
): Scenario {
    return {
        name,
        what,
        settings: { INTERVAL: 100 },
        deadline: 60,
        prepare: bench => bench.impostor({ name, exchanges: 5, send }),
        expect: {
            connections: 2,
            lost: [0, lost],
            log: [/^right 5 /, new RegExp(`^down ${code} `), /^open 2$/],
        },
        check: ({ record }) => {
            const first = record.find(({ event }) => event === "close")
            return first?.event === "close" && first.code === code
                ? []
                : [
                      `expected the server to get a Close frame with ${code}, it got ${first?.event === "close" ? first.code : "none"}`,
                  ]
        },
    }
}

export const MISBEHAVIOUR: Scenario[] = [
    refusedForGood(401, "Unauthorized"),
    refusedForGood(404, "Not Found"),
    {
        name: "refused-503",
        what: "503 with Retry-After: 3: the board stays away for three seconds, and then comes.",
        deadline: 60,
        prepare: bench =>
            bench.impostor({
                name: "answers 503",
                answer: answer(
                    "HTTP/1.1 503 Service Unavailable",
                    "Retry-After: 3",
                    "Content-Length: 0"
                ),
            }),
        expect: {
            log: [/^down 1006 ".*\b503\b.*" again in 3\d{3} ms$/, /^open 1$/],
        },
    },
    badAnswer(
        "redirected",
        "The server redirects; the board, which follows none, names the target and comes again.",
        [
            "HTTP/1.1 302 Found",
            "Location: ws://127.0.0.1:9/elsewhere",
            "Content-Length: 0",
        ],
        /^down 1006 ".*\b302\b.*" again/
    ),
    badAnswer(
        "wrong-accept-key",
        "The server's answer does not fit the board's key: it is no answer to this handshake.",
        [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ],
        /^down 1006 ".*Sec-WebSocket-Accept.*" again/i
    ),
    violation(
        "masked-frame",
        "A masked frame from a server ends the connection with 1002 (RFC 6455, 5.1).",
        [frame(TEXT, "masked", { masked: true })],
        1002,
        1
    ),
    violation(
        "oversized-message",
        "A message of 1 GB ends the connection with 1009 before any of it is there.",
        [frame(BINARY, "", { announced: 1 << 30 })],
        1009,
        1
    ),
    violation(
        "bad-utf8",
        "A text that is not UTF-8 ends the connection with 1007 (RFC 6455, 8.1).",
        [frame(TEXT, Buffer.from("c328", "hex"))],
        1007,
        1
    ),
    violation(
        "close-in-mid-message",
        "The server closes between two fragments of a message: the half does not count as a message, and the code is answered.",
        [frame(TEXT, "half a mess", { fin: false }), closeFrame(1001, "going")],
        1001,
        1
    ),
]
