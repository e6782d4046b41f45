/** The DHCP server of the W5500 model's network (RFC 2131, options of RFC 2132), which also misbehaves on request. */
import type { Endpoint } from "./lan.ts"

const type = {
    DISCOVER: 1,
    OFFER: 2,
    REQUEST: 3,
    DECLINE: 4,
    ACK: 5,
    NAK: 6,
    RELEASE: 7,
} as const

const COOKIE = Buffer.from([99, 130, 83, 99])
const END = Buffer.from([255])
/** The other server of `rival` and of the forgery `server`. */
const RIVAL = "192.168.77.65"

/** What a REQUEST is for (RFC 2131, 4.3.2). */
export type RequestState =
    "SELECTING" | "INIT-REBOOT" | "RENEWING" | "REBINDING"

/** Option codes of RFC 2132, as far as tests turn to them. */
export const option = {
    MASK: 1,
    ROUTER: 3,
    DNS: 6,
    LEASE: 51,
    OVERLOAD: 52,
    TYPE: 53,
    SERVER: 54,
    RENEWAL: 58,
    REBINDING: 59,
} as const

/** How an answer is spoilt that comes before the true one; `server`: a NAK by a server that nobody asked. */
export type Forgery =
    "xid" | "chaddr" | "cookie" | "short" | "option" | "server"

export interface DhcpFaults {
    /** No answer to these message types, or to REQUESTs in these states. */
    ignore?: (number | RequestState)[]
    /** Every REQUEST is turned down, or those in these states. */
    nak?: boolean | RequestState[]
    /** Before the true answer, one that is not for this client. */
    forge?: Forgery
    /** A second server offers too, a moment later, or, as `"first"`, a moment before; it turns REQUESTs down. */
    rival?: boolean | "first"
    /** Options that answers do not have. */
    omit?: number[]
    /** Options that answers have instead of, or beside, the server's own. */
    options?: Map<number, Buffer>
    /** The options stand in the fields for file and server name (option 52). */
    overload?: boolean
    /** Answers come from this address, by way of a relay agent (RFC 2131, 4.1). */
    relay?: string
    /** What goes out instead of an answer. */
    rewrite?: (reply: Buffer) => Buffer[]
}

/** A client's request, as far as tests look at it. */
export interface DhcpRequest {
    type: number
    /** Sent to everybody, or to the server alone. */
    broadcast: boolean
    clientAddress: string
    requestedAddress?: string
    server?: string
    hostName?: string
}

type Send = (from: Endpoint, to: Endpoint, data: Buffer) => void

export class DhcpServer {
    readonly faults: DhcpFaults = {}
    /** Everything that clients sent. */
    readonly requests: DhcpRequest[] = []
    /** Seconds. */
    lease = 3600
    /** Seconds until renewing and rebinding; without them the client takes half and seven eighths. */
    times: { renew: number; rebind: number } | undefined
    private next: number
    private readonly bound = new Map<string, string>()
    private readonly withdrawn = new Set<string>()

    constructor(
        private readonly network: {
            router: string
            first: string
            mask: string
        },
        private readonly send: Send
    ) {
        this.next = +network.first.split(".")[3]
    }

    /** Hands everybody a new address at the next request, and carries nothing for the old one. */
    renumber(): void {
        for (const ip of this.bound.values()) this.withdrawn.add(ip)
        this.bound.clear()
    }

    /** Whether packets from this address are carried. */
    honours(ip: string): boolean {
        return !this.withdrawn.has(ip)
    }

    receive(to: Endpoint, message: Buffer): void {
        const options = parse(message)
        if (!options || message[0] !== 1) return
        const kind = options.get(option.TYPE)?.[0] ?? 0
        const request: DhcpRequest = {
            type: kind,
            broadcast: to.ip === "255.255.255.255",
            clientAddress: message.subarray(12, 16).join("."),
            requestedAddress: options.get(50)?.join("."),
            server: options.get(option.SERVER)?.join("."),
            hostName: options.get(12)?.toString(),
        }
        this.requests.push(request)
        const { ignore } = this.faults
        if (ignore?.includes(kind)) return
        if (kind === type.DISCOVER) this.offer(message)
        if (kind !== type.REQUEST) return
        if (ignore?.includes(stateOf(request))) return
        this.decide(message, request)
    }

    private offer(request: Buffer): void {
        const { rival } = this.faults
        if (rival === "first") this.rivalOffers(request)
        this.answer(request, type.OFFER, this.addressFor(request))
        if (rival === true) this.rivalOffers(request)
    }

    private rivalOffers(request: Buffer): void {
        this.answer(request, type.OFFER, "192.168.77.66", RIVAL)
    }

    private decide(message: Buffer, request: DhcpRequest): void {
        const { nak, rival } = this.faults
        const { server, requestedAddress, clientAddress } = request
        if (rival && server === RIVAL)
            return this.answer(message, type.NAK, "0.0.0.0", RIVAL)
        if (server && server !== this.identifier()) return
        const wanted = requestedAddress ?? clientAddress
        const refused = Array.isArray(nak)
            ? nak.includes(stateOf(request))
            : nak
        if (refused || wanted !== this.addressFor(message))
            return this.answer(message, type.NAK, "0.0.0.0")
        this.answer(message, type.ACK, wanted)
    }

    /** What this server calls itself. */
    private identifier(): string {
        const other = this.faults.options?.get(option.SERVER)
        return other?.join(".") ?? this.network.router
    }

    private addressFor(request: Buffer): string {
        const client = request.subarray(28, 34).toString("hex")
        const known = this.bound.get(client)
        if (known) return known
        const [a, b, c] = this.network.first.split(".")
        const address = `${a}.${b}.${c}.${this.next++}`
        this.bound.set(client, address)
        return address
    }

    private answer(
        request: Buffer,
        kind: number,
        address: string,
        server = this.identifier()
    ): void {
        const { forge, rewrite = reply => [reply] } = this.faults
        const reply = this.reply(request, kind, address, server)
        if (forge === "server") {
            const nak = this.reply(request, type.NAK, "0.0.0.0", RIVAL)
            this.deliver(RIVAL, request, nak)
        } else if (forge) this.deliver(server, request, spoil(reply, forge))
        for (const message of rewrite(reply))
            this.deliver(server, request, message)
    }

    private deliver(server: string, request: Buffer, reply: Buffer): void {
        const from = this.faults.relay ?? server
        const client = request.subarray(12, 16).join(".")
        const to = client === "0.0.0.0" ? "255.255.255.255" : client
        this.send({ ip: from, port: 67 }, { ip: to, port: 68 }, reply)
    }

    private reply(
        request: Buffer,
        kind: number,
        address: string,
        server: string
    ): Buffer {
        const head = Buffer.alloc(236)
        request.copy(head, 0, 0, 44)
        head[0] = 2
        head.fill(0, 12, 28)
        bytes(address).copy(head, 16)
        const { overload, relay } = this.faults
        if (relay) bytes(relay).copy(head, 24)
        const [first, ...rest] = this.options(kind, server)
        if (!overload) return Buffer.concat([head, COOKIE, first, ...rest, END])
        // sname, 64 bytes, has the first of them, and file, 128, what is left
        Buffer.concat([...rest.slice(0, 2), END]).copy(head, 44)
        Buffer.concat([...rest.slice(2), END]).copy(head, 108)
        return Buffer.concat([head, COOKIE, first, encode(52, [3]), END])
    }

    private options(kind: number, server: string): Buffer[] {
        const { router, mask } = this.network
        const { omit, options: instead } = this.faults
        const options = new Map<number, Buffer | number[]>()
        options.set(option.TYPE, [kind])
        options.set(option.SERVER, bytes(server))
        if (kind !== type.NAK) {
            options.set(option.LEASE, seconds(this.lease))
            options.set(option.MASK, bytes(mask))
            options.set(option.ROUTER, bytes(router))
            options.set(option.DNS, bytes(router))
            if (this.times) {
                options.set(option.RENEWAL, seconds(this.times.renew))
                options.set(option.REBINDING, seconds(this.times.rebind))
            }
            for (const [code, value] of instead ?? []) options.set(code, value)
        }
        for (const code of omit ?? []) options.delete(code)
        return [...options].map(([code, value]) => encode(code, value))
    }
}

function stateOf(request: DhcpRequest): RequestState {
    if (request.server) return "SELECTING"
    if (request.requestedAddress) return "INIT-REBOOT"
    return request.broadcast ? "REBINDING" : "RENEWING"
}

function spoil(reply: Buffer, how: Forgery): Buffer {
    const other = Buffer.from(reply)
    bytes("6.6.6.6").copy(other, 16)
    if (how === "xid") other[4] ^= 0xff
    if (how === "chaddr") other[30] ^= 0xff
    if (how === "cookie") other[236] = 0
    if (how === "short") return other.subarray(0, 100)
    // the first option claims more bytes than there are
    if (how === "option") other[241] = 255
    return other
}

function parse(message: Buffer): Map<number, Buffer> | undefined {
    if (message.length < 240 || !message.subarray(236, 240).equals(COOKIE))
        return undefined
    const options = new Map<number, Buffer>()
    for (let i = 240; i < message.length && message[i] !== 255;) {
        if (message[i] === 0) {
            i++
            continue
        }
        const length = message[i + 1]
        options.set(message[i], message.subarray(i + 2, i + 2 + length))
        i += 2 + length
    }
    return options
}

function encode(code: number, value: Buffer | number[]): Buffer {
    return Buffer.from([code, value.length, ...value])
}

function seconds(n: number): Buffer {
    const value = Buffer.alloc(4)
    value.writeUInt32BE(n)
    return value
}

function bytes(ip: string): Buffer {
    return Buffer.from(ip.split(".").map(Number))
}
