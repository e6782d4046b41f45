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

export interface DhcpFaults {
    /** No answer to these message types. */
    ignore?: number[]
    /** Every REQUEST is turned down. */
    nak?: boolean
    /** Before the true answer, one that is not for this client. */
    forge?: "xid" | "chaddr" | "cookie" | "short" | "option"
    /** A second server offers too, a moment later. */
    rival?: boolean
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
        const kind = options.get(53)?.[0] ?? 0
        this.requests.push({
            type: kind,
            broadcast: to.ip === "255.255.255.255",
            clientAddress: message.subarray(12, 16).join("."),
            requestedAddress: options.get(50)?.join("."),
            server: options.get(54)?.join("."),
            hostName: options.get(12)?.toString(),
        })
        if (this.faults.ignore?.includes(kind)) return
        if (kind === type.DISCOVER) this.offer(message)
        if (kind === type.REQUEST) this.acknowledge(message, options)
    }

    private offer(request: Buffer): void {
        this.answer(request, type.OFFER, this.addressFor(request))
        if (this.faults.rival)
            this.answer(request, type.OFFER, "192.168.77.66", "192.168.77.65")
    }

    private acknowledge(request: Buffer, options: Map<number, Buffer>): void {
        const server = options.get(54)?.join(".")
        if (server && server !== this.network.router) return
        const wanted =
            options.get(50)?.join(".") ?? request.subarray(12, 16).join(".")
        const right = wanted === this.addressFor(request)
        if (this.faults.nak || !right)
            return this.answer(request, type.NAK, "0.0.0.0")
        this.answer(request, type.ACK, wanted)
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
        server = this.network.router
    ): void {
        const reply = this.reply(request, kind, address, server)
        const { forge } = this.faults
        if (forge) this.deliver(server, request, spoil(reply, forge))
        this.deliver(server, request, reply)
    }

    private deliver(server: string, request: Buffer, reply: Buffer): void {
        const client = request.subarray(12, 16).join(".")
        const to = client === "0.0.0.0" ? "255.255.255.255" : client
        this.send({ ip: server, port: 67 }, { ip: to, port: 68 }, reply)
    }

    private reply(
        request: Buffer,
        kind: number,
        address: string,
        server: string
    ): Buffer {
        const head = Buffer.alloc(236)
        request.copy(head, 0, 0, 236)
        head[0] = 2
        head.fill(0, 12, 28)
        bytes(address).copy(head, 16)
        const options = [option(53, [kind]), option(54, bytes(server))]
        if (kind !== type.NAK) {
            options.push(
                option(51, seconds(this.lease)),
                option(1, bytes(this.network.mask)),
                option(3, bytes(this.network.router)),
                option(6, bytes(this.network.router))
            )
            if (this.times)
                options.push(
                    option(58, seconds(this.times.renew)),
                    option(59, seconds(this.times.rebind))
                )
        }
        return Buffer.concat([head, COOKIE, ...options, Buffer.from([255])])
    }
}

function spoil(reply: Buffer, how: NonNullable<DhcpFaults["forge"]>): Buffer {
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

function option(code: number, value: Buffer | number[]): Buffer {
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
