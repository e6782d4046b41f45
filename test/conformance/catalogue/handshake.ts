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

const STATUS = "HTTP/1.1 101 Switching Protocols"
const UPGRADE = "Upgrade: websocket"
const CONNECTION = "Connection: Upgrade"

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
        one("header names and values in other letters", ({ accept }) =>
            reply(
                STATUS,
                "UPGRADE: WebSocket",
                "connection: UPGRADE",
                `sec-websocket-ACCEPT: ${accept}`
            )
        ),
        one("no blanks behind the colons, several at the ends", ({ accept }) =>
            reply(
                STATUS,
                "Upgrade:websocket",
                "Connection:Upgrade  ",
                `Sec-WebSocket-Accept:   ${accept}  `
            )
        ),
        one("Connection with more in it", ({ accept }) =>
            reply(
                STATUS,
                UPGRADE,
                "Connection: keep-alive, Upgrade",
                `Sec-WebSocket-Accept: ${accept}`
            )
        ),
        one("another reason phrase", ({ accept }) =>
            reply(
                "HTTP/1.1 101 Web Socket Protocol Handshake",
                UPGRADE,
                CONNECTION,
                `Sec-WebSocket-Accept: ${accept}`
            )
        ),
        one("no reason phrase", ({ accept }) =>
            reply(
                "HTTP/1.1 101 ",
                UPGRADE,
                CONNECTION,
                `Sec-WebSocket-Accept: ${accept}`
            )
        ),
        one("2,000 B of other headers", ({ accept }) =>
            reply(
                STATUS,
                ...Array.from(
                    { length: 40 },
                    (_, i) => `X-Header-${i}: ${"x".repeat(36)}`
                ),
                UPGRADE,
                CONNECTION,
                `Sec-WebSocket-Accept: ${accept}`
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
            answer: ({ accept, headers }) =>
                reply(
                    STATUS,
                    UPGRADE,
                    CONNECTION,
                    `Sec-WebSocket-Protocol: ${headers.get("sec-websocket-protocol")?.split(",")[0]}`,
                    `Sec-WebSocket-Accept: ${accept}`
                ),
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
        one(name, /^ProtocolError: /, request =>
            upgrade(request)
                .split("\r\n")
                .filter(line => !line.startsWith(left))
                .join("\r\n")
        )
    const header = (name: string, line: string): Case =>
        one(name, /^ProtocolError: /, request =>
            upgrade(request)
                .split("\r\n")
                .map(old =>
                    old.split(":")[0] === line.split(":")[0] ? line : old
                )
                .join("\r\n")
        )
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
        header("another Upgrade", "Upgrade: h2c"),
        header("another Connection", "Connection: close"),
        header(
            "a Sec-WebSocket-Accept for another key",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        ),
        header("an empty Sec-WebSocket-Accept", "Sec-WebSocket-Accept:"),
        one(
            "a subprotocol that was not asked for",
            /^ProtocolError: /,
            ({ accept }) =>
                reply(
                    STATUS,
                    UPGRADE,
                    CONNECTION,
                    "Sec-WebSocket-Protocol: chat",
                    `Sec-WebSocket-Accept: ${accept}`
                )
        ),
        one(
            "an extension that was not asked for",
            /^ProtocolError: /,
            ({ accept }) =>
                reply(
                    STATUS,
                    UPGRADE,
                    CONNECTION,
                    "Sec-WebSocket-Extensions: foo",
                    `Sec-WebSocket-Accept: ${accept}`
                )
        ),
        one("no HTTP at all", /Error: /, () => reply("SSH-2.0-OpenSSH_9.6")),
    ]
}
