/** Mutated DHCP and DNS messages, for what reads them: whatever comes, there is a sound answer or none. */
import { readSetting } from "@devicescript/settings"
import { decodeReply, DhcpReply } from "../../src/net/ethernet/dhcp"
import {
    decodeAnswer,
    DnsAnswer,
    encodeQuery,
} from "../../src/net/ethernet/dns"
import { breathe } from "./check"

const XID = Buffer.from("a1b2c3d4", "hex")
const MAC = Buffer.from("020011223344", "hex")
const QUERY = encodeQuery(0x1234, "www.example.org")

/** An ACK with options, and options in the fields for file and server name. */
function dhcpMessage(): Buffer {
    const options =
        "3501053604c0a84d01330400000e103a04000007083b0400000c4e340103ff"
    const message = Buffer.alloc(300)
    const head = Buffer.from("02010600a1b2c3d4", "hex")
    message.blitAt(0, head, 0, 8)
    message.blitAt(16, Buffer.from("c0a84d64", "hex"), 0, 4)
    message.blitAt(28, MAC, 0, 6)
    message.blitAt(44, Buffer.from("0104ffffff00ff", "hex"), 0, 7)
    const file = Buffer.from("0304c0a84d010608c0a84d0101010101ff", "hex")
    message.blitAt(108, file, 0, file.length)
    message.blitAt(236, Buffer.from("63825363", "hex"), 0, 4)
    const last = Buffer.from(options, "hex")
    message.blitAt(240, last, 0, last.length)
    return message
}

/** Two aliases and an address, with compressed names, and a record behind them. */
function dnsMessage(): Buffer {
    const head = "123481800001000400000000"
    const question = "03777777076578616d706c65036f72670000010001"
    const records =
        "c00c000500010000003c0006036c6230c010" +
        "c02d000500010000003c0006036c6231c010" +
        "c03f000100010000003c00045db8d822" +
        "c03f000100010000003c00045db8d823"
    return Buffer.from(head + question + records, "hex")
}

let state = 0

/** A whole number below `n`, of a sequence that its seed alone decides. */
function random(n: number): number {
    // xorshift32: shifts are what the VM does without rounding
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 1) % n
}

const TEMPTING = Buffer.from("00ff017f80c0c1fe3f403335340c", "hex")

/** Some bytes of other values, pieces lost, repeated or moved, an end too early. */
function mutate(message: Buffer, from: number): Buffer {
    for (let n = 1 + random(6); n > 0; --n) {
        const { length } = message
        const at = random(4) ? from + random(length - from) : random(length)
        const kind = random(8)
        if (kind < 3) message[at] = random(256)
        else if (kind < 5) message[at] = TEMPTING[random(TEMPTING.length)]
        else if (kind === 5) message[at] ^= 1 << random(8)
        else {
            const size = Math.min(1 + random(40), length - at)
            const piece = message.slice(at, at + size)
            if (kind === 6)
                message = Buffer.concat(
                    message.slice(0, at),
                    message.slice(at + size)
                )
            else if (length < 1400)
                message = Buffer.concat(
                    message.slice(0, at),
                    piece,
                    message.slice(at)
                )
        }
        if (message.length <= from) return message
    }
    return message
}

function checkReply(reply: DhcpReply) {
    if (!reply) return
    const { ip, mask, gateway, dns, server } = reply
    for (const address of [ip, mask, gateway, ...dns, server || ip])
        if (address.length !== 4)
            throw new Error("an address of other than 4 bytes")
    if (reply.lease < 0 || reply.renewal < 0) throw new Error("a negative time")
}

function checkAnswer(answer: DnsAnswer) {
    if (!answer || answer.failure || answer.unknown) return
    if (answer.ip && answer.ip.length !== 4) throw new Error("no IPv4 address")
    if (!(answer.ttl >= 0)) throw new Error("no time to live")
}

const count = await readSetting("count", 1000)
const seed = await readSetting("seed", 1)
let sound = 0
for (let n = seed; n < seed + count; ++n) {
    // should the VM end, this is where
    if (n % 100 === 0 || count < 100) console.log(`seed ${n}`)
    state = (n * 7919) | 1
    for (let warm = 0; warm < 4; ++warm) random(2)
    const reply = decodeReply(mutate(dhcpMessage(), 40), XID, MAC)
    checkReply(reply)
    await breathe()
    const answer = decodeAnswer(mutate(dnsMessage(), 33), QUERY)
    checkAnswer(answer)
    if (reply) sound++
    if (answer && answer.ip) sound++
    await breathe()
}
console.log(`fuzzed ${count}, sound ${sound}`)
