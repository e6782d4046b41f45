import { describe, expect, test } from "@devicescript/test"
import { parseUrl, resolveUrl } from "../../src/protocol/url"
import { expectText, expectThrow } from "./check"

/** All parts of a URL that a handshake needs, in one line. */
function parts(url: string): string {
    const { secure, host, port, authority, target } = parseUrl(url)
    return `${secure ? "tls" : "tcp"} ${host} ${port} ${authority} ${target}`
}

function expectRejected(url: string) {
    expectThrow(() => parseUrl(url), TypeError, `URL "${url}": expected ws://`)
}

function expectResolved(base: string, location: string, expected: string) {
    expectText(resolveUrl(parseUrl(base), location), expected)
}

// RFC 6455, 3
describe("URL", () => {
    test("has port 80, or 443 with TLS, unless it says another", () => {
        expectText(parts("ws://host/"), "tcp host 80 host /")
        expectText(parts("wss://host/"), "tls host 443 host /")
        // RFC 3986, 3.2.3: nothing behind the colon does not mean another port
        expectText(parts("ws://host:/"), "tcp host 80 host /")
        expectText(parts("ws://host:81/"), "tcp host 81 host:81 /")
        expectText(parts("ws://host:1/"), "tcp host 1 host:1 /")
        expectText(parts("wss://host:65535/"), "tls host 65535 host:65535 /")
    })

    // RFC 9110, 7.2: the Host header; its port may be left out when it is the scheme's
    test("leaves the scheme's own port out of the Host header", () => {
        expectText(parts("ws://host:80/"), "tcp host 80 host /")
        expectText(parts("wss://host:443/"), "tls host 443 host /")
        expectText(parts("ws://host:443/"), "tcp host 443 host:443 /")
        expectText(parts("wss://host:80/"), "tls host 80 host:80 /")
    })

    test("takes the scheme in any case", () => {
        expectText(parts("WS://host/"), "tcp host 80 host /")
        expectText(parts("Wss://host/"), "tls host 443 host /")
    })

    test("takes names and IPv4 addresses", () => {
        expectText(parts("ws://a.b-c.org/"), "tcp a.b-c.org 80 a.b-c.org /")
        expectText(
            parts("ws://127.0.0.1:8080/x"),
            "tcp 127.0.0.1 8080 127.0.0.1:8080 /x"
        )
    })

    test("takes IPv6 addresses in brackets, which the dial gets without them", () => {
        expectText(parts("ws://[::1]/"), "tcp ::1 80 [::1] /")
        expectText(
            parts("wss://[fe80::1:2]:444/a:b"),
            "tls fe80::1:2 444 [fe80::1:2]:444 /a:b"
        )
    })

    test("has the path and the query as they are, at least a slash", () => {
        expectText(parts("ws://host"), "tcp host 80 host /")
        expectText(parts("ws://host?x=1"), "tcp host 80 host /?x=1")
        expectText(parts("ws://host:8/?x=/@:"), "tcp host 8 host:8 /?x=/@:")
        expectText(
            parts("ws://host/%C3%A4/;b,c?d[]=%20&e=ws://f"),
            "tcp host 80 host /%C3%A4/;b,c?d[]=%20&e=ws://f"
        )
    })

    test("may have no other scheme", () => {
        expectRejected("http://host/")
        expectRejected("wsx://host/")
        expectRejected("ws:/host/")
        expectRejected("host")
        expectRejected("")
    })

    test("may have no fragment", () => {
        expectRejected("ws://host/#")
        expectRejected("ws://host#top")
    })

    test("needs a host", () => {
        for (const url of [
            "ws://",
            "ws:///path",
            "ws://?query",
            "ws://:80/",
            "ws://user@/",
            "ws://[]/",
        ])
            expectRejected(url)
    })

    test("needs brackets that fit", () => {
        expectRejected("ws://[::1/")
        expectRejected("ws://::1]/")
        expectRejected("ws://[::1]x/")
    })

    test("needs a port from 1 to 65535", () => {
        for (const port of ["0", "65536", "4294967376", "x", "8x", "-1", "+8"])
            expectRejected(`ws://host:${port}/`)
        expectRejected("ws://fe80::1/")
    })

    test("may have no spaces, control characters or characters beyond ASCII", () => {
        for (const c of [" ", "\r", "\n", "\t", "\u0001", "\u007f", "ä", "€"])
            for (const url of [`ws://host/${c}`, `ws://h${c}st/`, `${c}ws://h`])
                expectRejected(url)
    })
})

describe("user and password", () => {
    test("are kept as they stand in the URL", () => {
        expectText(parseUrl("ws://a%3Ab:c@host").userinfo, "a%3Ab:c")
        expectText(parseUrl("wss://a@b:c@host:1/@").userinfo, "a@b:c")
        expectText(parseUrl("ws://@host").userinfo, "")
        for (const url of ["ws://host", "ws://host/a@b", "ws://host?a@b"])
            expect(parseUrl(url).userinfo).toBe(undefined)
    })

    test("are no part of the host, the target or the Host header", () => {
        expectText(parts("ws://u:p@host:81/x"), "tcp host 81 host:81 /x")
        expectText(parts("wss://u:p@[::1]/x"), "tls ::1 443 [::1] /x")
        expectText(parts("ws://a@b:c@host"), "tcp host 80 host /")
    })
})

// RFC 9110, 10.2.2 and RFC 3986, 5.4
describe("redirect", () => {
    const base = "ws://user:pw@a.org:81/b/c/d?q=/x"

    test("to a WebSocket URL is taken as it is", () => {
        expectResolved(base, "ws://z/y?x", "ws://z/y?x")
        expectResolved(base, "wss://z:1", "wss://z:1")
    })

    test("to http and https leads to ws and wss", () => {
        expectResolved(base, "http://z/y", "ws://z/y")
        expectText(
            parts(resolveUrl(parseUrl(base), "HTTPS://z/y")),
            "tls z 443 z /y"
        )
    })

    test("without a scheme keeps the scheme", () => {
        expectResolved(base, "//z/y", "ws://z/y")
        expectResolved("wss://a/b", "//z:2/y", "wss://z:2/y")
    })

    test("to an absolute path keeps the host and the port", () => {
        expectResolved(base, "/y?z", "ws://a.org:81/y?z")
        expectResolved("wss://[::1]/b/c", "/", "wss://[::1]/")
    })

    test("to a relative path goes on from the directory", () => {
        expectResolved(base, "g", "ws://a.org:81/b/c/g")
        expectResolved(base, "g/", "ws://a.org:81/b/c/g/")
        expectResolved(base, "g?y=z/", "ws://a.org:81/b/c/g?y=z/")
        expectResolved("ws://a.org", "g", "ws://a.org/g")
    })

    // RFC 3986, 5.4.1 and 5.4.2
    test("may go up with dots, but not beyond the root", () => {
        expectResolved(base, "./g", "ws://a.org:81/b/c/g")
        expectResolved(base, ".", "ws://a.org:81/b/c/")
        expectResolved(base, "..", "ws://a.org:81/b/")
        expectResolved(base, "../g?y/../z", "ws://a.org:81/b/g?y/../z")
        expectResolved(base, "../../g", "ws://a.org:81/g")
        expectResolved(base, "../../../g", "ws://a.org:81/g")
        expectResolved(base, "/./g/../h/", "ws://a.org:81/h/")
        expectResolved(base, "g..", "ws://a.org:81/b/c/g..")
        expectResolved(base, ".g/./h", "ws://a.org:81/b/c/.g/h")
    })

    test("to a query keeps the path", () => {
        expectResolved(base, "?y", "ws://a.org:81/b/c/d?y")
        expectResolved("ws://a.org", "?y", "ws://a.org/?y")
    })

    test("may have another URL in its query", () => {
        expectResolved(base, "g?y=ws://z/", "ws://a.org:81/b/c/g?y=ws://z/")
        expectResolved(base, "?y=ws://z/", "ws://a.org:81/b/c/d?y=ws://z/")
    })

    test("loses its fragment", () => {
        expectResolved(base, "/y#s", "ws://a.org:81/y")
        expectResolved(base, "wss://z/#s/../x", "wss://z/")
    })

    test("to another scheme is refused", () => {
        expectRejected(resolveUrl(parseUrl(base), "ftp://z/"))
    })
})
