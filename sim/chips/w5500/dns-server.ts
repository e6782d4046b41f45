/** The DNS server of the W5500 model's network (RFC 1035), which also misbehaves on request. */
import type { Endpoint } from "./lan.ts"

const A = 1
const NS = 2
const CNAME = 5

export interface DnsFaults {
    /** The first so many queries get no answer. */
    ignore?: number
    /** RCODE of every answer. */
    rcode?: number
    /** Only the server with this address misbehaves; all addresses have one. */
    at?: string
    /** A false answer, and nothing else. */
    lie?: "id" | "source" | "port" | "question" | "truncated" | "loop" | "short"
    /** After a lie, the truth too. */
    repent?: boolean
    /** What goes out instead of an answer. */
    rewrite?: (answer: Buffer, query: Buffer) => Buffer[]
}

type Send = (from: Endpoint, to: Endpoint, data: Buffer) => void

export class DnsServer {
    readonly faults: DnsFaults = {}
    /** Names that clients asked for. */
    readonly queries: string[] = []
    /** Seconds. */
    ttl = 60
    /** An address, or another name. */
    readonly names = new Map<string, string>()
    /** Answer with the alias alone, so that the client has to ask again. */
    terse = false
    /** The names in an answer are in capitals, that in the question too (RFC 4343 lets a server do so). */
    capitals = false
    /** The records of an answer come in the opposite order. */
    reversed = false
    /** Answers have an authority and additional records, OPT (RFC 6891) among them, which nobody asked for. */
    talkative = false

    constructor(
        machine: string,
        private readonly send: Send
    ) {
        this.names.set("localhost", machine)
        this.names.set("machine.lan", machine)
    }

    receive(from: Endpoint, to: Endpoint, query: Buffer): void {
        const question = readName(query, 12)
        if (!question) return
        this.queries.push(question.name)
        const well = this.faults.at !== undefined && this.faults.at !== to.ip
        const faults = well ? {} : this.faults
        if (faults.ignore) {
            faults.ignore--
            return
        }
        const end = question.next + 4
        const answer = this.answer(query, question.name, end, faults.rcode)
        const { lie, rewrite = whole => [whole] } = faults
        const server = { ip: to.ip, port: 53 }
        if (lie) {
            const impostor = {
                ip: lie === "source" ? "6.6.6.6" : server.ip,
                port: lie === "port" ? 5353 : 53,
            }
            this.send(impostor, from, falsify(answer, lie, end))
        }
        if (lie && !faults.repent) return
        for (const message of rewrite(answer, query))
            this.send(server, from, message)
    }

    private answer(
        query: Buffer,
        name: string,
        end: number,
        rcode: number | undefined
    ): Buffer {
        const records = rcode ? [] : this.records(name)
        if (this.reversed) records.reverse()
        const head = Buffer.from(query.subarray(0, end))
        // response, recursion desired and available
        head.writeUInt16BE(0x8180 | (rcode ?? (records.length ? 0 : 3)), 2)
        head.writeUInt16BE(records.length, 6)
        if (this.capitals) this.writeName(name).copy(head, 12)
        if (!this.talkative) return Buffer.concat([head, ...records])
        head.writeUInt16BE(1, 8)
        head.writeUInt16BE(2, 10)
        const ns = this.writeName("ns.lan")
        return Buffer.concat([
            head,
            ...records,
            this.record(this.writeName("lan"), NS, ns),
            this.record(ns, A, bytes("6.6.6.6")),
            // OPT: the root's name, a size in place of the class
            Buffer.from("0000291000000000000000", "hex"),
        ])
    }

    private records(name: string): Buffer[] {
        const records: Buffer[] = []
        let at = name.toLowerCase()
        for (let hops = 0; hops < 20; hops++) {
            const target = this.names.get(at)
            if (!target) return records
            const owner = hops ? this.writeName(at) : Buffer.from([0xc0, 12])
            if (/^\d/.test(target))
                return [...records, this.record(owner, A, bytes(target))]
            records.push(this.record(owner, CNAME, this.writeName(target)))
            if (this.terse) return records
            at = target.toLowerCase()
        }
        return records
    }

    private writeName(name: string): Buffer {
        return writeName(this.capitals ? name.toUpperCase() : name)
    }

    private record(owner: Buffer, type: number, data: Buffer): Buffer {
        const fixed = Buffer.alloc(10)
        fixed.writeUInt16BE(type, 0)
        fixed.writeUInt16BE(1, 2)
        fixed.writeUInt32BE(this.ttl, 4)
        fixed.writeUInt16BE(data.length, 8)
        return Buffer.concat([owner, fixed, data])
    }
}

function falsify(
    answer: Buffer,
    lie: NonNullable<DnsFaults["lie"]>,
    end: number
): Buffer {
    const other = Buffer.from(answer)
    bytes("6.6.6.6").copy(other, other.length - 4)
    if (lie === "id") other[0] ^= 0xff
    if (lie === "question") other[13] ^= 1
    if (lie === "truncated") other[2] |= 0x02
    // a name that points to itself
    if (lie === "loop") other.writeUInt16BE(0xc000 | end, end)
    if (lie === "short") return other.subarray(0, other.length - 3)
    return other
}

function readName(
    message: Buffer,
    at: number
): { name: string; next: number } | undefined {
    const labels: string[] = []
    while (at < message.length && message[at]) {
        labels.push(message.toString("latin1", at + 1, at + 1 + message[at]))
        at += 1 + message[at]
    }
    return at < message.length
        ? { name: labels.join("."), next: at + 1 }
        : undefined
}

function writeName(name: string): Buffer {
    const labels = name
        .split(".")
        .map(label =>
            Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])
        )
    return Buffer.concat([...labels, Buffer.from([0])])
}

function bytes(ip: string): Buffer {
    return Buffer.from(ip.split(".").map(Number))
}
