import { sleep } from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { decodeAnswer, encodeQuery } from "../../src/net/ethernet/dns"
import { expectText } from "./check"

const ID = 0x1234
/** example.org, type A, class IN */
const QUESTION = "076578616d706c65036f72670000010001"
const QUERY = "123401000001000000000000" + QUESTION
/** One answer: the name of the question, A, IN, a day, 93.184.216.34 */
const RECORD = "c00c00010001000151800004" + "5db8d822"

function hex(text: string): Buffer {
    return Buffer.from(text, "hex")
}

function answer(
    flags: string,
    records: number,
    text: string,
    question = QUESTION
) {
    return hex(`1234${flags}0001000${records}00000000${question}${text}`)
}

function hex16(n: number): string {
    return Buffer.from([n >> 8, n & 0xff]).toString("hex")
}

function decode(message: Buffer) {
    return decodeAnswer(message, encodeQuery(ID, "example.org"))
}

describe("DNS query", () => {
    test("asks for the address of a name, with recursion", () => {
        expectText(encodeQuery(ID, "example.org").toString("hex"), QUERY)
    })

    test("labels have 1 to 63 bytes, names up to 253", () => {
        const label =
            "a23456789012345678901234567890123456789012345678901234567890123"
        expect(!!encodeQuery(ID, `${label}.org`)).toBe(true)
        expect(!!encodeQuery(ID, `${label}x.org`)).toBe(false)
        const most = `${label}.${label}.${label}.${label.slice(2)}`
        expect(most.length).toBe(253)
        expect(!!encodeQuery(ID, most)).toBe(true)
        expect(!!encodeQuery(ID, `${most}x`)).toBe(false)
        for (const name of ["", ".", ".a", "a.", "a..b"])
            expect(encodeQuery(ID, name)).toBe(undefined)
    })
})

describe("DNS answer", () => {
    test("has the address and how long it holds", () => {
        const { ip, ttl } = decode(answer("8180", 1, RECORD))
        expectText(ip.toString("hex"), "5db8d822")
        expect(ttl).toBe(86400)
    })

    test("cut anywhere it is no answer, or a malformed one", () => {
        const whole = answer("8180", 1, RECORD)
        for (let n = 0; n < whole.length; ++n) {
            const cut = decode(whole.slice(0, n))
            expect(!cut || !!cut.failure).toBe(true)
        }
    })

    test("is none with another id, question or direction", () => {
        const other = answer("8180", 1, RECORD)
        other[1] ^= 1
        expect(decode(other)).toBe(undefined)
        expect(decode(answer("0100", 1, RECORD))).toBe(undefined)
        expect(decode(answer("8980", 1, RECORD))).toBe(undefined)
        const name = "076578616d706c65036f72680000010001"
        expect(decode(answer("8180", 1, RECORD, name))).toBe(undefined)
    })

    test("that is truncated or an error says so", () => {
        expectText(
            decode(answer("8380", 1, RECORD)).failure,
            "the answer is truncated"
        )
        expectText(
            decode(answer("8185", 0, "")).failure,
            "the server answers with code 5"
        )
        expect(decode(answer("8183", 0, "")).unknown).toBe(true)
    })

    test("follows aliases in it; the shortest time counts", () => {
        // example.org CNAME a.example.org (60 s), a.example.org A
        const alias = "c00c000500010000003c00040161c00c"
        const address = "c02900010001000151800004" + "01020304"
        const { ip, ttl, name } = decode(answer("8180", 2, alias + address))
        expectText(ip.toString("hex"), "01020304")
        expect(ttl).toBe(60)
        expectText(name, "a.example.org")
    })

    test("capitals do not count, in the question and in names", () => {
        const question = "074578616d506c65034f72470000010001"
        const alias = "c00c000500010000003c000401" + "41c00c"
        const owner = "0161076578616d706c65036f726700"
        const address = owner + "00010001000151800004" + "01020304"
        const { ip } = decode(answer("8180", 2, alias + address, question))
        expectText(ip.toString("hex"), "01020304")
    })

    test("an address may stand before the alias that leads to it", () => {
        const owner = "0161076578616d706c65036f726700"
        const address = owner + "00010001000151800004" + "01020304"
        const alias = "c00c000500010000003c0004" + "0161c00c"
        const { ip, ttl } = decode(answer("8180", 2, address + alias))
        expectText(ip.toString("hex"), "01020304")
        expect(ttl).toBe(60)
    })

    test("aliases in a circle come to an end", () => {
        const there = "c00c000500010000003c0004" + "0161c00c"
        const back = "c029000500010000003c0002" + "c00c"
        const { ip } = decode(answer("8180", 2, there + back))
        expect(ip).toBe(undefined)
    })

    test("passes over records of other names and types", () => {
        const other = "01620000010001000151800004" + "09090909"
        const text = "c00c001000010001518000020161"
        const { ip } = decode(answer("8180", 3, other + text + RECORD))
        expectText(ip.toString("hex"), "5db8d822")
    })

    test("with names that point forward, in circles or out of the message is malformed", () => {
        for (const pointer of ["c01d", "c01e", "c0ff", "ffff", "40", "80"]) {
            const record = pointer + RECORD.slice(4)
            const { failure } = decode(answer("8180", 1, record))
            expectText(failure, "the answer is malformed")
        }
    })

    test("with long names again and again is refused before the VM runs out of patience", async () => {
        const name = Buffer.alloc(255)
        for (let i = 0; i < 254; ++i) name[i] = i & 1 ? 0x61 : 1
        const first = name.toString("hex") + "00050001000000010000"
        const again = "c01d0005000100000001" + "0002c01d"
        for (const records of [3, 4, 9]) {
            // each message comes with a wait before it
            await sleep(1)
            let text = first
            for (let n = 1; n < records; ++n) text += again
            const found = decode(answer("8180", records, text))
            expect(!!found.failure).toBe(records > 3)
        }
    })

    test("with pointers that lead to pointers, again and again, is refused too", async () => {
        for (const jumps of [20, 120]) {
            // each message comes with a wait before it
            await sleep(1)
            // the root, TXT: pointers as its data, each one to that before it
            const start = 29 + 11
            let text = "000010000100000000" + hex16(2 * jumps)
            for (let i = 0; i < jumps; ++i)
                text += hex16(0xc000 | (i ? start + 2 * (i - 1) : 12))
            const last = hex16(0xc000 | (start + 2 * (jumps - 1)))
            for (let n = 0; n < 8; ++n) text += last + "00100001000000000000"
            const found = decode(answer("8180", 9, text))
            expect(!!found.failure).toBe(jumps > 20)
        }
    })

    test("with more records or data than there are is malformed", () => {
        const other = "01620000010001000151800004" + "09090909"
        expectText(
            decode(answer("8180", 2, other)).failure,
            "the answer is malformed"
        )
        const long = "c00c0001000100015180ffff" + "5db8d822"
        expectText(
            decode(answer("8180", 1, long)).failure,
            "the answer is malformed"
        )
    })

    test("counts a time with the highest bit as none", () => {
        const record = "c00c000100018000000000045db8d822"
        expect(decode(answer("8180", 1, record)).ttl).toBe(0)
    })
})
