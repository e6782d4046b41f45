import { randomBuffer } from "@devicescript/crypto"
import { describe, expect, test } from "@devicescript/test"
import { connectBy } from "../../src/hixie/connect"
import { HixieRequest, request76 } from "../../src/hixie/handshake"
import { keyAnswer, newKey } from "../../src/hixie/keys"
import { parseUrl } from "../../src/protocol/url"
import { StreamError } from "../../src/net/stream"
import { breathe, expectText } from "./check"
import { hixieText } from "./hixie-peer"
import { expectFailed, Task } from "./peer"
import { Network } from "./pipe"

/** The worked example of draft-hixie-76, 1.3. */
const KEY1 = "4 @1  46546xW%0l 1 5"
const KEY2 = "12998 5 Y3 1  .P00"
const KEY3 = "^n:ds[4U"
const ANSWER = "8jKS'y:G*Co,Wxa-"
const REQUEST = [
    "GET /demo HTTP/1.1",
    "Upgrade: WebSocket",
    "Connection: Upgrade",
    "Host: example.com",
    "Origin: http://example.com",
    "Sec-WebSocket-Protocol: sample",
    `Sec-WebSocket-Key1: ${KEY1}`,
    `Sec-WebSocket-Key2: ${KEY2}`,
]
const REPLY =
    "HTTP/1.1 101 WebSocket Protocol Handshake\r\n" +
    "Upgrade: WebSocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Origin: http://example.com\r\n" +
    "Sec-WebSocket-Location: ws://example.com/demo\r\n" +
    "Sec-WebSocket-Protocol: sample\r\n\r\n" +
    ANSWER

/**
 * The random bytes from which a key follows.
 * @param spaces how many the key has
 * @param number the key's digits divided by `spaces`
 * @param marks the other characters, each as it and its place among those that are there already
 * @param places of the spaces, each among what is there already
 */
function keyBytes(
    spaces: number,
    number: number,
    marks: [string, number][],
    places: number[]
): Buffer {
    const bytes = Buffer.alloc(42)
    bytes[0] = spaces - 1
    const numbers = Math.floor(0xffffffff / spaces) + 1
    let fraction = Math.floor((number * 0x100000000) / numbers) + 1
    for (let i = 1; i < 5; ++i) {
        const rest = Math.floor(fraction / 256)
        bytes[i] = fraction - rest * 256
        fraction = rest
    }
    bytes[5] = marks.length - 1
    let next = 6
    for (const mark of marks) {
        const code = mark[0].charCodeAt(0)
        bytes[next++] = code < 0x3a ? code - 0x21 : code - 0x3a + 15
        bytes[next++] = mark[1]
    }
    for (const place of places) bytes[next++] = place - 1
    return bytes
}

const URL = "ws://example.com/demo"
const OPTIONS = { protocol: "sample" }

/** The request of the worked example: the random bytes are those that make its keys. */
function example(): HixieRequest {
    const random = [
        keyBytes(
            5,
            829309203,
            [
                ["@", 1],
                ["x", 8],
                ["W", 9],
                ["%", 10],
                ["l", 12],
            ],
            [1, 4, 5, 16, 18]
        ),
        keyBytes(
            5,
            259970620,
            [
                ["Y", 6],
                [".", 9],
                ["P", 10],
            ],
            [5, 7, 10, 12, 13]
        ),
        Buffer.from(KEY3),
        Buffer.alloc(9),
    ]
    return request76(parseUrl(URL), OPTIONS, size => {
        const bytes = random[0]
        random.insert(0, -1)
        if (bytes.length < size)
            throw new Error(`${size} random bytes, of ${bytes.length}`)
        return bytes
    })
}

/** What comes of pieces: messages, and the end. */
async function outcome(pieces: Buffer[]): Promise<string> {
    const network = new Network()
    const task = new Task(
        async () =>
            await connectBy(
                network.dial,
                parseUrl(URL),
                example(),
                OPTIONS,
                true
            )
    )
    const pipe = await network.next()
    for (const piece of pieces) pipe.push(piece)
    pipe.end()
    const connection = await task.result()
    let seen = connection.protocol
    for (;;) {
        const message = await connection.recv()
        if (!message) break
        seen += ` "${message.text()}"`
    }
    return `${seen} ${connection.end.code}`
}

/** The pieces of bytes cut in two. */
function cutAt(bytes: Buffer, at: number): Buffer[] {
    return [bytes.slice(0, at), bytes.slice(at)]
}

// draft-hixie-76, 1.2 and 1.3
describe("the worked example", () => {
    test("has the answer that follows from its keys", () => {
        expectText(keyAnswer(KEY1, KEY2, Buffer.from(KEY3)).toString(), ANSWER)
        expectText(
            keyAnswer(
                "18x 6]8vM;54 *(5:  {   U1]8  z [  8",
                "1_ tx7X d  <  nw  334J702) 7]o}` 0",
                Buffer.from("Tm[K T2u")
            ).toString(),
            "fQJ,fN/4F4!~K~MH"
        )
    })

    test("is asked for, its headers in some order, the 8 bytes behind them", () => {
        const request = example().bytes.toString()
        const lines = request.split("\r\n")
        expectText(lines[0], REQUEST[0])
        for (const line of REQUEST) {
            if (lines.indexOf(line) < 0)
                throw new Error(`expected "${line}" in "${request}"`)
        }
        expect(lines.length).toBe(REQUEST.length + 2)
        // The random bytes of the example, all 0, bring the second one to the top.
        expectText(lines[1], REQUEST[2])
        expectText(lines[lines.length - 2], "")
        expectText(lines[lines.length - 1], KEY3)
    })

    test("opens by its answer, whole, byte by byte and cut at every place, with frames behind it", async () => {
        const reply = Buffer.from(REPLY)
            .concat(hixieText("Hi €"))
            .concat(hixieText(""))
            .concat(hex`ff00`)
        const expected = 'sample "Hi €" "" 1005'
        expectText(await outcome([reply]), expected)
        const single: Buffer[] = []
        for (let i = 0; i < reply.length; ++i)
            single.push(reply.slice(i, i + 1))
        expectText(await outcome(single), expected)
        for (let at = 1; at < reply.length; ++at) {
            expectText(await outcome(cutAt(reply, at)), expected)
        }
    })

    test("is not open before all of the answer is there", async () => {
        const reply = Buffer.from(REPLY)
        const short = reply.slice(0, reply.length - 1)
        const task = new Task(async () => await outcome([short]))
        await expectFailed(task, StreamError, "no answer to the keys")
    })
})

// draft-hixie-76, 4.1, steps 16 to 22
describe("a key", () => {
    test("has its digits, 1 to 12 other characters, and spaces that divide its number", async () => {
        for (let i = 0; i < 300; ++i) {
            const key = newKey(randomBuffer)
            let number = 0
            let spaces = 0
            let marks = 0
            for (let at = 0; at < key.length; ++at) {
                const code = key.charCodeAt(at)
                if (code >= 0x30 && code <= 0x39)
                    number = number * 10 + code - 0x30
                else if (code === 0x20) spaces++
                else if (code > 0x20 && code < 0x7f) marks++
                else throw new Error(`key "${key}"`)
            }
            const quotient = number / spaces
            const good =
                spaces >= 1 &&
                spaces <= 12 &&
                marks >= 1 &&
                marks <= 12 &&
                quotient === Math.floor(quotient) &&
                number <= 0xffffffff &&
                key[0] !== " " &&
                key[key.length - 1] !== " "
            if (!good) throw new Error(`key "${key}"`)
            await breathe()
        }
    })

    test("reaches the largest number and the smallest", () => {
        const largest = Buffer.alloc(42)
        largest.fillAt(0, 42, 0xff)
        largest[0] = 0
        largest[5] = 0
        expectText(
            newKey(() => largest),
            "42$949 67295"
        )
        const least = newKey(() => Buffer.alloc(42))
        expectText(least, "! 0")
    })
})
