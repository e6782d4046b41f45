import { deviceIdentifier, millis } from "@devicescript/core"
import { randomBuffer } from "@devicescript/crypto"
import { Signal } from "../../fiber/signal"
import { Address, Stream, StreamError } from "../stream"
import { Bus } from "../bus/bus"
import { DhcpClient, Lease } from "./lease"
import { IpConfig, parseIp, u16 } from "./ip"
import { Resolver } from "./resolver"
import { W5500_SOCK_CLOSED } from "./registers"
import { ChipSocket } from "./socket"
import { TcpStream } from "./tcp"
import { UdpSocket } from "./udp"
import { SOCKETS, W5500 } from "./w5500"

/** Milliseconds between two looks at the link. */
const LOOK_INTERVAL = 250
/** Milliseconds between two attempts to find the chip. */
const RETRY_INTERVAL = 1000
/** Milliseconds between two polls when nothing has happened for long. */
const LONGEST_REST = 8
const DEFAULT_TIMEOUT = 30000
const DHCP_CLIENT_PORT = 68

const NO_ADDRESS: IpConfig = {
    ip: Buffer.alloc(4),
    mask: Buffer.alloc(4),
    gateway: Buffer.alloc(4),
    dns: [],
}

export interface EthernetOptions {
    bus: Bus
    /** An address of one's own; without it, DHCP. */
    address?: IpConfig
    /** How the device calls itself towards the DHCP server, up to 24 bytes. Default `devs-` and the end of its MAC. */
    hostName?: string
    /** Six bytes. Default: made from the device's identifier, locally administered. */
    mac?: Buffer
}

/**
 * A wired network interface.
 *
 * One fiber polls the chip for everybody and rests between polls, 1 ms at first, up to 8 ms when nothing happens; what it
 * rests on is the bus, never a timer. Another one takes care of the address.
 */
export class Ethernet {
    private readonly chip: W5500
    /** The chip's sockets that were used so far; for the others it is not worth to keep anything. */
    private readonly sockets: ChipSocket[] = []
    private readonly resolver: Resolver
    private readonly changed = new Signal()
    private config: IpConfig
    /** What is wrong with the chip itself. */
    private fault: string
    private lease: Lease
    private linkReturned = false

    constructor(private readonly options: EthernetOptions) {
        const mac = options.mac || ownMac()
        const chip = new W5500(options.bus, mac)
        this.chip = chip
        const self = this
        this.resolver = new Resolver(
            async () => await self.openUdp(self.localPort())
        )
        this.config = options.address
        this.run.start()
        if (!options.address) {
            const name =
                options.hostName || `devs-${mac.slice(3).toString("hex")}`
            const client = new DhcpClient(
                async () => await self.openUdp(DHCP_CLIENT_PORT),
                () => chip.linked && !self.fault,
                mac,
                name
            )
            this.keepAddress.start(client)
        }
    }

    /**
     * Opens a TCP connection.
     * @throws StreamError
     */
    async dial(address: Address): Promise<Stream> {
        const { host, port } = address
        const name = `${host}:${port}`
        if (address.secure)
            throw new StreamError(
                `w5500: ${name}: no TLS over Ethernet, because neither the chip nor DeviceScript has one for it; use ws:// in a network that you trust, or a proxy in it that speaks wss:// to the server`
            )
        if (host.indexOf(":") >= 0)
            throw new StreamError(`w5500: ${name}: the chip speaks IPv4 only`)
        const deadline = millis() + (address.timeout || DEFAULT_TIMEOUT)
        const config = await this.ready(name, deadline)
        const ip =
            parseIp(host) ||
            (await this.resolver.lookup(host, config.dns, deadline))
        const stream = new TcpStream(await this.claim(false), name)
        try {
            await stream.connect(ip, port, this.localPort(), deadline)
        } catch (e) {
            await stream.close()
            throw e
        }
        return stream
    }

    /** Waits for link and address. */
    private async ready(name: string, deadline: number): Promise<IpConfig> {
        while (!this.config || !this.chip.linked) {
            const left = deadline - millis()
            if (left <= 0 || this.fault)
                throw new StreamError(
                    this.fault ||
                        `w5500: ${name}: ${this.chip.linked ? "no DHCP server has given an address" : "no link: is the cable plugged in at both ends?"}`
                )
            await this.changed.wait(left)
        }
        return this.config
    }

    /** Brings the chip up, polls it, and brings it up again when it was reset. */
    private async run() {
        for (;;) {
            try {
                await this.chip.start()
                await this.chip.configure(this.config || NO_ADDRESS)
                this.setFault(undefined)
                await this.poll()
                this.setFault("w5500: the chip was reset")
            } catch (e) {
                this.setFault((e as Error).message)
                await this.options.bus.rest(RETRY_INTERVAL)
            }
            for (const socket of this.sockets) socket.lose("the chip was reset")
        }
    }

    private setFault(fault: string) {
        this.fault = fault
        if (fault) this.chip.linked = false
        this.changed.notify()
    }

    /** @returns when the chip was reset */
    private async poll() {
        const { chip, options } = this
        let quiet = 0
        let look = 0
        for (;;) {
            if (millis() >= look) {
                if (!(await this.look())) return
                look = millis() + LOOK_INTERVAL
            }
            let active = chip.stirred
            chip.stirred = false
            for (const socket of this.sockets) {
                if (
                    socket.lingers &&
                    millis() > socket.lingers &&
                    !socket.claimed
                )
                    await socket.abort("closed")
                if (await socket.poll()) active = true
            }
            if (active) quiet = 0
            else
                await options.bus.rest(
                    Math.min(1 + (++quiet >> 6), LONGEST_REST)
                )
        }
    }

    private async look(): Promise<boolean> {
        const { chip } = this
        const before = chip.linked
        if (!(await chip.inspect())) return false
        if (chip.linked !== before) {
            if (chip.linked) this.linkReturned = true
            this.changed.notify()
        }
        return true
    }

    /** Gets an address, keeps it, and looks for another one when it cannot be kept. */
    private async keepAddress(client: DhcpClient) {
        for (;;) {
            try {
                if (!this.chip.linked || this.fault) await this.changed.wait()
                else if (this.lease) await this.tend(client)
                else await this.adopt(await client.acquire())
            } catch {
                // the chip failed meanwhile; run() finds out what it is
                await this.changed.wait(RETRY_INTERVAL)
            }
        }
    }

    private async tend(client: DhcpClient) {
        const { lease } = this
        const now = millis()
        if (now >= lease.expiresAt) await this.adopt(null)
        else if (this.linkReturned) {
            this.linkReturned = false
            await this.adopt(await client.extend(lease, undefined, true))
        } else if (now >= lease.rebindAt)
            await this.adopt(await client.extend(lease, undefined, false))
        else if (now >= lease.renewAt)
            await this.adopt(await client.extend(lease, lease.server, false))
        else await this.changed.wait(nextStep(lease) - now)
    }

    /** @param lease what to use from now on; connections do not survive a change of address */
    private async adopt(lease: Lease) {
        const before = this.lease
        this.lease = lease
        this.linkReturned = false
        if (before && lease && sameIp(before.ip, lease.ip)) return
        this.config = lease
        if (before) await this.closeAll("the network took the address back")
        await this.chip.configure(lease || NO_ADDRESS)
        this.resolver.forget()
        this.changed.notify()
    }

    private async closeAll(why: string) {
        for (const socket of this.sockets)
            if (socket.state !== W5500_SOCK_CLOSED) await socket.abort(why)
    }

    private async openUdp(port: number): Promise<UdpSocket> {
        const udp = new UdpSocket(await this.claim(true))
        try {
            await udp.open(port)
        } catch (e) {
            await udp.close()
            throw e
        }
        return udp
    }

    /** A free socket: the last one for UDP, the first one for TCP; if need be, one whose connection is still ending. */
    private async claim(last: boolean): Promise<ChipSocket> {
        let ending: ChipSocket
        for (let i = 0; i < SOCKETS; ++i) {
            const socket = this.socket(last ? SOCKETS - 1 - i : i)
            if (socket.claimed) continue
            if (socket.state === W5500_SOCK_CLOSED) {
                socket.claimed = true
                return socket
            }
            ending = ending || socket
        }
        if (!ending)
            throw new StreamError(
                `w5500: all ${SOCKETS} sockets of the chip are in use`
            )
        ending.claimed = true
        await ending.abort("closed")
        return ending
    }

    private socket(n: number): ChipSocket {
        for (const socket of this.sockets) if (socket.n === n) return socket
        const socket = new ChipSocket(this.chip, n)
        this.sockets.push(socket)
        return socket
    }

    /** A dynamic port (RFC 6335, 6) that no other socket has, hard to guess (RFC 6056). */
    private localPort(): number {
        let port = 0
        while (!port || this.isTaken(port))
            port = 0xc000 | u16(randomBuffer(2), 0)
        return port
    }

    private isTaken(port: number): boolean {
        return !!this.sockets.find(socket => socket.port === port)
    }
}

/** When something is to be done about a lease; a renewal may have been put off until after its rebinding. */
function nextStep(lease: Lease): number {
    const { renewAt, rebindAt, expiresAt } = lease
    return Math.min(Math.min(renewAt, rebindAt), expiresAt)
}

function sameIp(a: Buffer, b: Buffer): boolean {
    return a.getAt(0, "u32") === b.getAt(0, "u32")
}

/** The device's identifier, cut to six bytes: unicast, locally administered. */
function ownMac(): Buffer {
    const mac = Buffer.from(deviceIdentifier("self"), "hex").slice(2, 8)
    mac[0] = (mac[0] & 0xfc) | 0x02
    return mac
}
