import { describe, expect, test } from "@devicescript/test"
import { ProtocolError } from "../../src/protocol/codes"
import { HandshakeValue, Reply } from "../../src/protocol/handshake-value"
import {
    checkReply,
    RESPONSE_HEADERS,
    upgradeRequest,
} from "../../src/protocol/opening-handshake"
import { ResponseHead } from "../../src/protocol/response"
import { parseUrl } from "../../src/protocol/url"
import { basic } from "../../src/websocket/basic"
import { headers, origin } from "../../src/websocket/headers"
import { subprotocols } from "../../src/websocket/subprotocols"
import { breathe, expectError, expectText, expectThrow } from "./check"
import { headerOf } from "./frames"

/** The key of RFC 6455, 1.3, and what accepts it. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ=="
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

function request(values: HandshakeValue[], url = "ws://host/"): string {
    return upgradeRequest(parseUrl(url), values, KEY).toString()
}

/** The header that the values make. */
function requested(
    name: string,
    values: HandshakeValue[],
    url?: string
): string {
    return headerOf(request(values, url), name)
}

function expectRefused(value: () => HandshakeValue, part: string) {
    expectThrow(() => request([value()]), RangeError, part)
}

/** What a right response has, with other headers. */
function head(changes: Record<string, string>): ResponseHead {
    const head = new ResponseHead(RESPONSE_HEADERS)
    head.status = 101
    head.fields = {
        upgrade: "websocket",
        connection: "Upgrade",
        "sec-websocket-accept": ACCEPT,
        ...changes,
    }
    return head
}

async function accepted(
    changes: Record<string, string>,
    values: HandshakeValue[] = []
): Promise<Reply> {
    // SHA-1 is a good part of the steps that the VM allows without a pause
    await breathe()
    return checkReply(head(changes), values, KEY)
}

/** A header of the response is wrong with each of the values. */
async function expectWrong(
    name: string,
    wrong: string[],
    values: HandshakeValue[] = []
) {
    for (const value of wrong) {
        const changes: Record<string, string> = {}
        changes[name] = value
        let error: any
        try {
            await accepted(changes, values)
        } catch (e: any) {
            error = e
        }
        expectError(error, ProtocolError, name)
    }
}

/** None of the names is one for a header. */
function expectNoHeaders(names: string[]) {
    names.forEach(name => {
        const values: Record<string, string> = {}
        values[name] = "x"
        expectRefused(() => headers(values), `header "${name}"`)
    })
}

// RFC 6455, 4.1
describe("the upgrade request", () => {
    test("has the lines of the RFC", () => {
        expectText(
            request([], "ws://a.org:81/chat?x"),
            "GET /chat?x HTTP/1.1\r\nHost: a.org:81\r\n" +
                "Upgrade: websocket\r\nConnection: Upgrade\r\n" +
                `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`
        )
    })

    test("has what the values add, in their order", () => {
        const text = request([
            origin("https://a.org"),
            subprotocols("a"),
            headers({ B: "c" }),
        ])
        const added =
            "Origin: https://a.org\r\nSec-WebSocket-Protocol: a\r\nB: c\r\n\r\n"
        expectText(text.slice(text.indexOf("Origin")), added)
    })

    test("is an error when nothing takes the user and the password of the URL", () => {
        expectThrow(() => request([], "ws://u:p@host/"), TypeError, "basic()")
        expectThrow(
            () => request([headers({ Authorization: "x" })], "ws://@host/"),
            TypeError,
            "basic()"
        )
    })
})

describe("the response", () => {
    test("accepts the request", async () => {
        expectText((await accepted({})).protocol, "")
        expect((await accepted({})).extension).toBe(undefined)
    })

    test("has the protocol in whatever case", async () => {
        await accepted({ upgrade: "WebSocket" })
        await expectWrong("upgrade", [
            undefined,
            "",
            "h2c",
            "websockets",
            "websocket,h2c",
        ])
    })

    // RFC 9110, 7.6.1
    test("has Upgrade among its connection options", async () => {
        for (const list of [
            "keep-alive, Upgrade",
            "upgrade,x",
            "x\t,\tUPGRADE ,",
            ",,,upgrade",
            "upgrader, upgrade",
        ])
            await accepted({ connection: list })
        await expectWrong("connection", [
            undefined,
            "",
            "close",
            "upgraded",
            "an-upgrade",
            "upgrade-no,no-upgrade",
        ])
    })

    test("may have as long lists as are kept", async () => {
        let commas = ","
        while (commas.length < 1000) commas += commas
        await accepted({ connection: `${commas}upgrade` })
        await expectWrong("connection", [commas])
        let words = "upgrades,"
        while (words.length < 1000) words += words
        await accepted({ connection: `${words}upgrade` })
        await expectWrong("connection", [words])
        await expectWrong("sec-websocket-extensions", [words, commas])
    })

    test("has the answer to the key", async () => {
        await expectWrong("sec-websocket-accept", [
            undefined,
            "",
            ACCEPT.toLowerCase(),
            ACCEPT.slice(1),
            ` ${ACCEPT}`,
        ])
    })

    test("names no subprotocol and no extension that was not offered", async () => {
        await expectWrong("sec-websocket-protocol", ["a"])
        await expectWrong("sec-websocket-extensions", ["a"])
        await accepted({
            "sec-websocket-protocol": "",
            "sec-websocket-extensions": "",
        })
    })

    test("agrees on an extension with the value that offered it", async () => {
        const extension = {
            rsv: 0x40,
            hasMore: false,
            decode: async (data: Buffer) => data,
            encode: async () => Buffer.alloc(0),
        }
        const offer: HandshakeValue = {
            request: () => "Sec-WebSocket-Extensions: a\r\n",
            reply: reply => {
                if (reply.fields["sec-websocket-extensions"] === "a")
                    reply.extension = extension
            },
        }
        expect(
            (await accepted({ "sec-websocket-extensions": "a" }, [offer]))
                .extension
        ).toBe(extension)
        expect((await accepted({}, [offer])).extension).toBe(undefined)
        await expectWrong("sec-websocket-extensions", ["b"], [offer])
    })
})

describe("subprotocols", () => {
    test("are offered, the preferred one first", async () => {
        const offered = requested("Sec-WebSocket-Protocol", [
            subprotocols("v2.x", "v1", "V1"),
        ])
        expectText(offered, "v2.x, v1, V1")
    })

    test("are one of those offered, or none", async () => {
        for (const chosen of ["a", "b", "", undefined])
            expectText(
                (
                    await accepted({ "sec-websocket-protocol": chosen }, [
                        subprotocols("a", "b"),
                    ])
                ).protocol,
                chosen || ""
            )
        await expectWrong(
            "sec-websocket-protocol",
            ["A", "c", "a, b", "a,a"],
            [subprotocols("a", "b")]
        )
    })

    test("are not asked for when there are none", () => {
        expect(requested("Sec-WebSocket-Protocol", [subprotocols()])).toBe(
            undefined
        )
    })

    test("are tokens, each of them once", async () => {
        ;["", "a b", "a,b", "a/b", "ä", "a\r\nb"].forEach(name =>
            expectRefused(
                () => subprotocols("x", name),
                `subprotocol "${name}"`
            )
        )
        expectRefused(() => subprotocols("a", "b", "a"), 'subprotocol "a"')
    })
})

describe("headers", () => {
    test("are sent as they are", () => {
        const values = [
            headers({
                "X-One": "a: b;\tc",
                Cookie: "ä=€",
                authorization: "Bearer x",
            }),
            headers({ "X-Two": "" }),
        ]
        expectText(requested("X-One", values), "a: b;\tc")
        expectText(requested("Cookie", values), "ä=€")
        expectText(requested("authorization", values), "Bearer x")
        expectText(requested("X-Two", values), "")
    })

    test("are none of those that the handshake sets itself", () => {
        expectNoHeaders([
            "Host",
            "UPGRADE",
            "connection",
            "sec-websocket-key",
            "Sec-WebSocket-Version",
            "Sec-WebSocket-Protocol",
            "Sec-WebSocket-Extensions",
        ])
    })

    // RFC 9110, 5.1 and 5.5
    test("have no name or value that would end the line", () => {
        expectNoHeaders(["", "a b", "a:", "a\r\nb", "ä", "(a)", "a\u007f"])
        ;["a\r\nb: c", "a\nb", "\r", "\u0000", "\u007f"].forEach(value => {
            expectRefused(() => headers({ a: value }), 'header "a"')
            expectRefused(() => origin(value), 'header "Origin"')
        })
    })
})

// RFC 7617, 2
describe("user and password", () => {
    test("are given", () => {
        expectText(
            requested("Authorization", [basic("Aladdin", "open sesame")]),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        )
        expectText(
            requested("Authorization", [basic("user")]),
            "Basic dXNlcjo="
        )
        expectText(
            requested("Authorization", [basic("test", "123£")]),
            "Basic dGVzdDoxMjPCow=="
        )
        expectRefused(() => basic("a:b", "c"), "colon")
    })

    test("are those of the URL", () => {
        const ofUrl = (url: string) =>
            requested("Authorization", [basic()], url)
        expectText(
            ofUrl("ws://Aladdin:open%20sesame@host/"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        )
        expectText(ofUrl("ws://user:@host"), "Basic dXNlcjo=")
        expectText(ofUrl("ws://a@b:c@host"), "Basic YUBiOmM=")
        // RFC 7617, 2.1: the example with UTF-8, percent-encoded
        expectText(ofUrl("ws://test:123%c2%A3@host/"), "Basic dGVzdDoxMjPCow==")
        expect(ofUrl("ws://host/")).toBe(undefined)
    })

    test("are those given when the URL has others", () => {
        expectText(
            requested("Authorization", [basic("user")], "ws://a:b@host/"),
            "Basic dXNlcjo="
        )
    })

    test("need correct percent-encoding in the URL", () => {
        ;["%", "%4", "%4x", "%x4", "a%"].forEach(user => {
            const url = `ws://${user}@host/`
            expectThrow(() => request([basic()], url), TypeError, "percent")
        })
    })
})
