import { describe, expect, test } from "@devicescript/test"
import { ProtocolError } from "../../src/protocol/codes"
import {
    HandshakeError,
    readResponse,
    refuse,
    ResponseHead,
} from "../../src/protocol/response"
import { breathe, expectError, expectText } from "./check"

const NAMES = ["location", "retry-after", "upgrade", "connection"]
const OK = "HTTP/1.1 101 Switching Protocols\r\n"

/** The client reads a reply in pieces of this size. */
const PIECE = 128

/**
 * Reads pieces one after the other.
 * @param step the bytes of a piece that are handed over at a time
 * @returns the head's fields, and what is behind it; `undefined` when it goes on
 */
async function read(
    pieces: Buffer[],
    step = PIECE,
    head = new ResponseHead(NAMES)
): Promise<string> {
    for (const piece of pieces)
        for (let at = 0; at < piece.length; at += step) {
            await breathe()
            const to = Math.min(at + step, piece.length)
            const rest = readResponse(head, piece.slice(at, to))
            if (rest) return `${shown(head)} + ${rest.toString()}`
        }
    return undefined
}

function shown({ status, reason, fields }: ResponseHead): string {
    let text = `${status} ${reason}`
    for (const name of NAMES)
        if (fields[name] !== undefined) text += `; ${name}: ${fields[name]}`
    return text
}

/** The outcome is the same for the response in one piece, byte by byte, and cut in two at every place. */
async function expectRead(response: string, expected: string) {
    const bytes = Buffer.from(response)
    const all = `${expected} + rest`
    const whole = Buffer.from(response + "rest")
    expectText(await read([whole]), all)
    expectText(await read([bytes], 1), `${expected} + `)
    for (let i = 1; i < bytes.length; ++i)
        expectText(await read([whole.slice(0, i), whole.slice(i)]), all)
}

async function errorOf(response: string | Buffer, step?: number): Promise<any> {
    try {
        await read(
            [typeof response === "string" ? Buffer.from(response) : response],
            step
        )
    } catch (e: any) {
        return e
    }
    return undefined
}

/** The response is a refusal, however it is cut. */
async function expectRefused(
    response: string | Buffer,
    status: number,
    location?: string,
    retryAfter?: string
) {
    for (const step of [PIECE, 1]) {
        const error = expectError(
            await errorOf(response, step),
            HandshakeError,
            `${status}`
        )
        expect(error.status).toBe(status)
        expect(error.location).toBe(location)
        expect(error.retryAfter).toBe(retryAfter)
    }
}

async function expectWrong(response: string, part: string) {
    for (const step of [PIECE, 1])
        expectError(await errorOf(response, step), ProtocolError, part)
}

function repeated(text: string, size: number): string {
    let all = text
    while (all.length < size) all += all
    return all.slice(0, size)
}

/** Bytes of a text that is repeated up to a size; the text itself would not fit beside them. */
function filled(
    start: string,
    text: string,
    size: number,
    end: string
): Buffer {
    const bytes = Buffer.alloc(size)
    bytes.blitAt(0, start, 0, start.length)
    const from = start.length
    bytes.blitAt(from, text, 0, text.length)
    for (let n = text.length; from + n < size; n *= 2)
        bytes.blitAt(from + n, bytes, from, n)
    bytes.blitAt(size - end.length, end, 0, end.length)
    return bytes
}

describe("the head of a response", () => {
    test("may be cut at every place", async () => {
        await expectRead(
            OK + "Upgrade: websocket\r\nX: y\r\nConnection: Upgrade\r\n\r\n",
            "101 Switching Protocols; upgrade: websocket; connection: Upgrade"
        )
    })

    test("may have names in any case, and white space around values", async () => {
        await expectRead(
            OK + "UPGRADE:a\r\ncOnNeCtIoN:\t b c \t\r\nLocation:\r\n\r\n",
            "101 Switching Protocols; location: ; upgrade: a; connection: b c"
        )
    })

    // RFC 9110, 5.3
    test("may have a header several times", async () => {
        await expectRead(
            OK + "Connection: a\r\nUpgrade: x\r\nconnection: b, c\r\n\r\n",
            "101 Switching Protocols; upgrade: x; connection: a,b, c"
        )
    })

    // RFC 9112, 5.2: obs-fold
    test("may have folded lines", async () => {
        await expectRead(
            OK + "Upgrade:\r\n\t a\r\nX: a\r\n Location: b\r\n \r\n\r\n",
            "101 Switching Protocols; upgrade: a"
        )
        await expectRead(
            "HTTP/1.1 101" + "\r\n Upgrade: a\r\nX:\r\n\r\n",
            "101 \n Upgrade: a"
        )
    })

    // RFC 9112, 2.2
    test("may have lines that end with a line feed alone", async () => {
        await expectRead(
            "HTTP/1.0 101 a\nUpgrade: b\n c\n\n",
            "101 a; upgrade: b\n c"
        )
    })

    // RFC 9112, 4
    test("may have any reason, also none", async () => {
        for (const reason of ["", " ", " Wechsel zu ä: ok"])
            await expectRead(
                `HTTP/1.1 101${reason}\r\n\r\n`,
                `101 ${reason.slice(1)}`
            )
    })

    test("may have bytes that are no UTF-8", async () => {
        const bytes = Buffer.from(OK + "X: x\r\nUpgrade: y\r\nz: x\r\n\r\n")
        for (const at of [
            OK.length,
            OK.length + 3,
            OK.length + 15,
            OK.length + 18,
        ])
            bytes[at] = 0xe2
        expectText(
            await read([bytes]),
            "101 Switching Protocols; upgrade: \ufffd + "
        )
    })

    // RFC 9110, 15.2
    test("may come after interim ones, whose headers are not those of the reply", async () => {
        const interim =
            "HTTP/1.1 100 Continue\r\n\r\n" +
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\nUpgrade: h2\r\n\r\n"
        await expectRead(
            interim + OK + "Upgrade: a\r\n\r\n",
            "101 Switching Protocols; upgrade: a"
        )
        await expectRefused(interim + "HTTP/1.1 403 No\r\n\r\n", 403)
    })

    test("has to be one of HTTP/1", async () => {
        for (const line of [
            "SSH-2.0-OpenSSH_9.2",
            "HTTP/2 101 x",
            "HTTP/1.1 x",
            "HTTP/1.1 99 x",
            "HTTP/1.1",
        ])
            await expectWrong(line + "\r\n\r\n", `status line "${line}"`)
        await expectWrong(OK + "Upgrade\r\n\r\n", "header")
        await expectWrong(OK + ": x\r\n\r\n", "header")
    })
})

describe("a refusal", () => {
    test("has its status and what its headers say", async () => {
        await expectRefused(
            "HTTP/1.1 302 Found\r\nLocation: /a\r\nRetry-After: 7\r\n\r\n<html>",
            302,
            "/a",
            "7"
        )
        const error = await errorOf("HTTP/1.1 401 Not you\r\n\r\n")
        expectText(error.reason, "Not you")
        expectText(error.message, "401 Not you")
    })

    test("is one whatever its headers are", async () => {
        await expectRefused(
            "HTTP/1.1 403 No\r\nno header\r\n: \r\n\u0001\r\n\r\n",
            403
        )
        await expectRefused(
            "HTTP/1.1 404 No\r\n folded\r\n\tonce more\r\n\r\n",
            404
        )
    })

    test("loses a header that is too long, and no other", async () => {
        const long = repeated("/abc", 1500)
        await expectRefused(
            `HTTP/1.1 302 Found\r\nLocation: ${long}\r\nRetry-After: 7\r\n\r\n`,
            302,
            undefined,
            "7"
        )
        await expectRefused(
            `HTTP/1.1 302 Found\r\nLocation: ${long.slice(0, 1000)}\r\n\r\n`,
            302,
            long.slice(0, 1000)
        )
        await expectRefused(
            `HTTP/1.1 302 Found\r\nLocation:\r\n ${long}\r\n\r\n`,
            302
        )
    })

    test("is one even if its headers never end", async () => {
        const start = "HTTP/1.1 404 No"
        for (const text of [
            "\r\nX: a",
            "\r\nX",
            "\r\n:",
            "\r\n\t",
            "\r\nX: ,\r\n ,",
            "o",
        ])
            await expectRefused(filled(start, text, 8300, ""), 404)
    })

    test("is one even if the connection ends before its headers do", async () => {
        for (const start of [
            "HTTP/1.1 403 No",
            "HTTP/1.1 403 No\r\n",
            "HTTP/1.1 403 No\r\nX: a\r\nRetry",
        ]) {
            const head = new ResponseHead(NAMES)
            expect(await read([Buffer.from(start)], 1, head)).toBe(undefined)
            let error: any
            try {
                refuse(head)
            } catch (e: any) {
                error = e
            }
            expectError(error, HandshakeError, "403 No")
        }
        for (const start of [
            "",
            "HTTP/1.1",
            OK,
            "HTTP/1.1 100 Continue\r\n\r\n",
        ]) {
            const head = new ResponseHead(NAMES)
            expect(await read([Buffer.from(start)], PIECE, head)).toBe(
                undefined
            )
            refuse(head)
        }
    })
})

describe("an acceptance", () => {
    test("has at most 8 KB", async () => {
        const start = OK + "Upgrade: a\r\nX: "
        expectText(
            await read([filled(start, "x", 8192, "\r\n\r\n")]),
            "101 Switching Protocols; upgrade: a + "
        )
        expectError(
            await errorOf(filled(start, "x", 8193, "\r\n\r\n")),
            ProtocolError,
            "response head"
        )
    })

    test("loses a header that is too long, and no other", async () => {
        const text = `${OK}Upgrade: ${repeated("a", 1100)}\r\nConnection: b\r\n\r\n`
        expectText(
            await read([Buffer.from(text)]),
            "101 Switching Protocols; connection: b + "
        )
    })

    // 4,000 commas, each an element to look at, once ended the VM
    test("may have a list of many elements, in one line or in many", async () => {
        for (const list of [
            ",",
            `${repeated(",", 486)}\r\nConnection: `,
            ",\r\nConnection:",
            "\r\n ,",
        ]) {
            const start = OK + "Connection: "
            const end = ":\r\nUpgrade: a\r\n\r\n"
            const outcome = await read([filled(start, list, 8192, end)])
            expect(outcome.indexOf("upgrade: a") > 0).toBe(true)
            expect(outcome.length < 1200).toBe(true)
        }
    })
})
