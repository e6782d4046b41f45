/** The opening handshake, RFC 6455, 4.1: what the client accepts, and when it gives up. */
import { frame, TEXT } from "../../wire/frames.ts"
import { reply, upgrade, type Answer } from "../../wire/handshake.ts"
import {
    closes,
    echoOf,
    expect,
    roundTrip,
    send,
    type Case,
} from "../script.ts"

/** The shortest answer with lines in the place of those that start alike. */
const having =
    (...lines: string[]): Answer =>
    request =>
        upgrade(request)
            .split("\r\n")
            .map(old => lines.find(line => startsAlike(line, old)) ?? old)
            .join("\r\n")

/** The shortest answer with more lines behind its first one. */
const adding =
    (...lines: string[]): Answer =>
    request =>
        upgrade(request).replace("\r\n", `\r\n${lines.join("\r\n")}\r\n`)

/** Two headers of one name, or two status lines. */
function startsAlike(a: string, b: string): boolean {
    const start = (line: string) => line.split(/[: ]/)[0].toLowerCase()
    return start(a) === start(b)
}

export function handshakes(): Case[] {
    return [...good(), ...bad()]
}

function good(): Case[] {
    const one = (name: string, answer: Answer): Case => ({
        name,
        section: "4.1",
        answer,
        script: () => closes(roundTrip(TEXT, "Hello")),
    })
    return [
        one("the shortest answer", upgrade),
        one("header names and values in other letters", request =>
            having(
                "UPGRADE: WebSocket",
                "connection: UPGRADE",
                `sec-websocket-ACCEPT: ${request.accept}`
            )(request)
        ),
        one("no blanks behind the colons, several at the ends", request =>
            having(
                "Upgrade:websocket",
                "Connection:Upgrade  ",
                `Sec-WebSocket-Accept:   ${request.accept}  `
            )(request)
        ),
        one(
            "Connection with more in it",
            having("Connection: keep-alive, Upgrade")
        ),
        one(
            "another reason phrase",
            having("HTTP/1.1 101 Web Socket Protocol Handshake")
        ),
        one("no reason phrase", having("HTTP/1.1 101 ")),
        one(
            "2,000 B of other headers",
            adding(
                ...Array.from(
                    { length: 40 },
                    (_, i) => `X-Header-${i}: ${"x".repeat(36)}`
                )
            )
        ),
        {
            name: "a frame in the same segment as the answer",
            section: "4.1",
            answer: request =>
                upgrade(request) + frame(TEXT, "glued").toString("latin1"),
            script: () =>
                closes([
                    send(),
                    echoOf(TEXT, "glued"),
                    ...roundTrip(TEXT, "on"),
                ]),
        },
        {
            name: "the first of two subprotocols",
            section: "4.1, 1.9",
            options: { protocols: ["chat", "superchat"] },
            answer: request => {
                const offered = request.headers.get("sec-websocket-protocol")
                const first = offered?.split(",")[0]
                return adding(`Sec-WebSocket-Protocol: ${first}`)(request)
            },
            script: () => closes(roundTrip(TEXT, "Hello")),
        },
    ]
}

/** The client closes TCP and sends no frame. */
function bad(): Case[] {
    const one = (name: string, error: RegExp, answer: Answer): Case => ({
        name,
        section: "4.1",
        answer,
        script: () => ({
            steps: [send(frame(TEXT, "unheard")), expect({ type: "end" })],
            sight: { code: 1006, messages: 0, wasClean: false, error },
        }),
    })
    const without = (name: string, left: string): Case =>
        violation(name, request =>
            upgrade(request)
                .split("\r\n")
                .filter(line => !line.startsWith(left))
                .join("\r\n")
        )
    const violation = (name: string, answer: Answer): Case =>
        one(name, /^ProtocolError: /, answer)
    return [
        one("status 200", /^HandshakeError: /, () =>
            reply("HTTP/1.1 200 OK", "Content-Length: 0")
        ),
        one("status 404", /^HandshakeError: /, () =>
            reply("HTTP/1.1 404 Not Found", "Content-Length: 0")
        ),
        one("status 503", /^HandshakeError: /, () =>
            reply("HTTP/1.1 503 Service Unavailable", "Retry-After: 1")
        ),
        without("no Upgrade", "Upgrade:"),
        without("no Connection", "Connection:"),
        without("no Sec-WebSocket-Accept", "Sec-WebSocket-Accept:"),
        violation("another Upgrade", having("Upgrade: h2c")),
        violation("another Connection", having("Connection: close")),
        violation(
            "a Sec-WebSocket-Accept for another key",
            having("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        ),
        violation(
            "an empty Sec-WebSocket-Accept",
            having("Sec-WebSocket-Accept:")
        ),
        violation(
            "a subprotocol that was not asked for",
            adding("Sec-WebSocket-Protocol: chat")
        ),
        violation(
            "an extension that was not asked for",
            adding("Sec-WebSocket-Extensions: foo")
        ),
        one("no HTTP at all", /Error: /, () => reply("SSH-2.0-OpenSSH_9.6")),
    ]
}
