import { sleep } from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import {
    decodeReply,
    DHCP_ACK,
    DHCP_DISCOVER,
    DHCP_NAK,
    DHCP_OFFER,
    DHCP_REQUEST,
    encodeRequest,
} from "../../src/net/ethernet/dhcp"
import { leaseOf } from "../../src/net/ethernet/dhcp-client"
import { millis } from "../../src/fiber/clock"
import { parseAddress, parseIp } from "../../src/net/ethernet/ip"
import { expectText, expectThrow } from "./check"

const XID = Buffer.from("a1b2c3d4", "hex")
const MAC = Buffer.from("020011223344", "hex")
const IP = Buffer.from("c0a84d64", "hex")

/** The fixed part of a reply to the client above, with 192.168.77.100 for it, and options behind it. */
function reply(options: string): Buffer {
    const head = Buffer.alloc(240)
    head[0] = 2
    head[1] = 1
    head[2] = 6
    head.blitAt(4, XID, 0, 4)
    head.blitAt(16, IP, 0, 4)
    head.blitAt(28, MAC, 0, 6)
    head.blitAt(236, Buffer.from("63825363", "hex"), 0, 4)
    return Buffer.concat(head, Buffer.from(options, "hex"))
}

function decode(message: Buffer) {
    return decodeReply(message, XID, MAC)
}

const OFFER = "350102" + "3604c0a84d01"
const REST =
    "330400000e10" + "0104ffffff00" + "0304c0a84d01" + "0608c0a84d0101010101"

describe("DHCP request", () => {
    test("is a BOOTP request of the client, which hears broadcasts", () => {
        const hostName = "a-name-of-more-than-24-bytes"
        const message = encodeRequest({
            type: DHCP_DISCOVER,
            xid: XID,
            mac: MAC,
            hostName,
        })
        expect(message.length).toBe(300)
        expectText(
            message.slice(0, 12).toString("hex"),
            "01010600a1b2c3d400008000"
        )
        expectText(message.slice(28, 34).toString("hex"), MAC.toString("hex"))
        expectText(
            message.slice(236, 252).toString("hex"),
            "63825363" + "350101" + "3d0701020011223344"
        )
        const name = Buffer.from(hostName).slice(0, 24).toString("hex")
        expectText(message.slice(252, 278).toString("hex"), "0c18" + name)
    })

    test("with everything in it still ends within its 300 bytes", () => {
        const message = encodeRequest({
            type: DHCP_REQUEST,
            xid: XID,
            mac: MAC,
            hostName: "a-name-of-more-than-24-bytes",
            wanted: IP,
            server: IP,
        })
        expect(message.length).toBe(300)
        expect(message.lastIndexOf(0xff, 0, 300) >= 290).toBe(true)
    })
})

describe("DHCP reply", () => {
    test("has address, mask, router, DNS servers and lease", () => {
        const found = decode(reply(OFFER + REST + "ff"))
        expect(found.type).toBe(DHCP_OFFER)
        expectText(found.ip.toString("hex"), "c0a84d64")
        expectText(found.mask.toString("hex"), "ffffff00")
        expectText(found.gateway.toString("hex"), "c0a84d01")
        expect(found.dns.length).toBe(2)
        expect(found.lease).toBe(3600)
        expect(found.renewal).toBe(undefined)
    })

    test("a lease for ever is a large number, not a negative one", () => {
        expect(decode(reply(OFFER + "3304ffffffffff")).lease).toBe(4294967295)
    })

    test("cut within an option it is none, cut between two it is what is left", () => {
        const whole = reply(OFFER + REST)
        for (let n = 0; n < whole.length; ++n) {
            const cut = decode(whole.slice(0, n))
            if (cut) expect(cut.type).toBe(DHCP_OFFER)
            // up to here not even the type is there
            if (n < 243) expect(cut).toBe(undefined)
        }
    })

    test("of another transaction, client, direction or kind is none", () => {
        for (const at of [0, 1, 2, 4, 7, 28, 33, 236, 239]) {
            const message = reply(OFFER + "ff")
            message[at] ^= 0x40
            expect(decode(message)).toBe(undefined)
        }
    })

    test("need not say which server it is from", () => {
        expect(decode(reply("350102ff")).server).toBe(undefined)
    })

    test("of no type, or with an address that is none, is none", () => {
        expect(decode(reply("3604c0a84d01ff"))).toBe(undefined)
        for (const first of [0, 127, 224, 255]) {
            const message = reply(OFFER + "ff")
            message[16] = first
            expect(decode(message)).toBe(undefined)
        }
    })

    test("full of padding or of options without a value is read to its end", async () => {
        for (const filler of ["00", "fe00", "fe0101"]) {
            await sleep(1)
            const fill = Buffer.from(filler, "hex")
            const message = Buffer.alloc(2040)
            const head = reply(OFFER)
            message.blitAt(0, head, 0, head.length)
            let at = head.length
            for (; at + fill.length <= 2032; at += fill.length)
                message.blitAt(at, fill, 0, fill.length)
            message.blitAt(at, Buffer.from("330400000e10ff", "hex"), 0, 7)
            await sleep(1)
            expect(decode(message).lease).toBe(3600)
        }
    })

    test("that refuses needs no address", () => {
        const message = reply("350106" + "3604c0a84d01ff")
        message.fillAt(16, 4, 0)
        expect(decode(message).type).toBe(DHCP_NAK)
    })

    test("may go on in the fields for file and server name", () => {
        const message = reply("340103" + "3604c0a84d01ff")
        message.blitAt(108, Buffer.from("350105ff", "hex"), 0, 4)
        message.blitAt(44, Buffer.from("0104ffff0000ff", "hex"), 0, 7)
        const found = decode(message)
        expect(found.type).toBe(DHCP_ACK)
        expectText(found.mask.toString("hex"), "ffff0000")
    })

    test("with a mask of nothing is taken for one without a mask", () => {
        const found = decode(reply(OFFER + "010400000000"))
        expectText(found.mask.toString("hex"), "ffffff00")
    })

    test("passes over padding, unknown options and such that are too short", () => {
        const found = decode(reply("0000" + "e003010203" + "0301c0" + OFFER))
        expect(found.type).toBe(DHCP_OFFER)
        expectText(found.gateway.toString("hex"), "00000000")
    })
})

describe("a lease", () => {
    /** Seconds until it is renewed, rebound, and over. */
    function times(options: string): string {
        const found = decode(reply("350105" + "3604c0a84d01" + options))
        const { renewAt, rebindAt, expiresAt } = leaseOf(found)
        const now = millis()
        return [renewAt, rebindAt, expiresAt]
            .map(at => `${Math.round((at - now) / 1000)}`)
            .join(" ")
    }

    test("is renewed after half of it, and rebound after seven eighths", () => {
        expectText(times("330400000e10"), "1800 3150 3600")
    })

    test("of no time, or of none that is said, is one of ten minutes", () => {
        expectText(times("330400000000"), "300 525 600")
        expectText(times(""), "300 525 600")
    })

    test("for ever is renewed after 68 years", () => {
        expectText(times("3304ffffffff"), "2147483648 3758096383 4294967295")
        expectText(times("330480000000"), "1073741824 1879048192 2147483648")
    })

    test("has the server's times where they fit into it, in order", () => {
        const lease = "330400000e10"
        expectText(times(lease + "3a040000000a" + "3b0400000014"), "10 20 3600")
        for (const other of [
            "3a0400000014" + "3b040000000a",
            "3a0400000014" + "3b0400000014",
            "3a040000000a" + "3b0400000e10",
            "3a0400000000" + "3b0400000014",
            "3a040000000a",
            "3b0400000014",
        ])
            expectText(times(lease + other), "1800 3150 3600")
    })

    test("of an option that comes twice is the last", async () => {
        await sleep(1)
        expectText(times("330400000064" + "330400000e10"), "1800 3150 3600")
    })
})

describe("an address in words", () => {
    test("four numbers up to 255 are one", () => {
        expectText(parseIp("192.168.77.1").toString("hex"), "c0a84d01")
        for (const text of [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            "1.2.3.-1",
            "1.2.3.4a",
            "1.2.3.04",
            "1.2..3",
            "example.org",
            "::1",
        ])
            expect(parseIp(text)).toBe(undefined)
    })

    test("a fixed address has a prefix, a router and DNS servers", () => {
        const found = parseAddress("10.1.2.3/20 10.1.0.1 10.1.0.2 10.1.0.3")
        expectText(found.ip.toString("hex"), "0a010203")
        expectText(found.mask.toString("hex"), "fffff000")
        expectText(found.gateway.toString("hex"), "0a010001")
        expect(found.dns.length).toBe(2)
        expect(parseAddress("dhcp")).toBe(undefined)
        const wrong = [
            "",
            "10.1.2.3",
            "10.1.2.3/24",
            "10.1.2.3/0 10.1.0.1",
            "10.1.2.3/31 10.1.0.1",
            "10.1.2.3/x 10.1.0.1",
            "10.1.2.3/24 router",
        ]
        wrong.forEach(text => {
            expectThrow(() => parseAddress(text), RangeError, "address:")
        })
    })
})
