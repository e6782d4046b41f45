/**
 * What the W5500 model's cable leads to: a small network with a router that hands out addresses and names.
 * TCP goes to real servers on this machine, and to nowhere else; UDP stays inside the process.
 */
import { Socket } from "node:net"
import { DhcpServer } from "./dhcp-server.ts"
import { DnsServer } from "./dns-server.ts"
import type { Endpoint, Lan, LanPort, TcpEvents, TcpLeg } from "./lan.ts"

/** Addresses in the modelled network, 192.168.77.0/24. */
export const network = {
    router: "192.168.77.1",
    /** This machine: TCP to it goes to 127.0.0.1. */
    machine: "192.168.77.2",
    /** Answers ARP, and nothing else. */
    mute: "192.168.77.3",
    /** Nobody has this address. */
    nobody: "192.168.77.4",
    /** The first address that is handed out. */
    first: "192.168.77.100",
    mask: "255.255.255.0",
} as const

/** How many there were; two homes often have the same addresses, never the same router. */
let networks = 0

/** A router with DHCP and DNS, and this machine beside it. */
export class HomeLan implements Lan {
    readonly dhcp: DhcpServer
    readonly dns: DnsServer
    private readonly ports = new Set<LanPort>()
    private readonly legs = new Set<Leg>()
    private up = true
    stalled = false
    /** Who answers ARP, by address; no two networks have the same hardware addresses. */
    readonly hosts: Map<string, Buffer>

    constructor() {
        const number = ++networks
        const { router, machine, mute } = network
        this.hosts = new Map(
            [router, machine, mute].map((ip, i) => [
                ip,
                Buffer.from([0x02, 0, 0, 0, number, i + 1]),
            ])
        )
        this.dhcp = new DhcpServer(network, (from, to, data) =>
            this.broadcast(from, to, data)
        )
        this.dns = new DnsServer(network.machine, (from, to, data) =>
            this.broadcast(from, to, data)
        )
    }

    get carries(): boolean {
        return this.up && !this.stalled
    }

    /** Connections that the far side still holds. */
    get connections(): number {
        return this.legs.size
    }

    /** Everybody falls silent, or speaks again. */
    silence(on: boolean): void {
        this.up = !on
        this.announce()
    }

    /** Every peer closes its window, or opens it again. */
    stall(on: boolean): void {
        this.stalled = on
        this.announce()
    }

    /** Every peer resets its connection. */
    resetAll(): void {
        for (const leg of [...this.legs]) leg.resetByPeer()
    }

    attach(port: LanPort): void {
        this.ports.add(port)
    }

    detach(port: LanPort): void {
        this.ports.delete(port)
    }

    arp(ip: string): Buffer | undefined {
        return this.hosts.get(ip)
    }

    connect(
        from: Endpoint,
        to: Endpoint,
        events: TcpEvents
    ): TcpLeg | undefined {
        // the router knows the way to this machine only: nothing that is tested here reaches another one
        const here = to.ip === network.machine || to.ip.startsWith("127.")
        if (!here || !this.dhcp.honours(from.ip)) return undefined
        const leg = new Leg(to.port, events, () => this.legs.delete(leg))
        this.legs.add(leg)
        return leg
    }

    udp(from: Endpoint, to: Endpoint, data: Buffer): void {
        if (!this.carries) return
        // the answer comes after the chip has finished the command that asked
        setImmediate(() => {
            if (to.port === 67) this.dhcp.receive(to, data)
            if (to.port === 53) this.dns.receive(from, to, data)
        })
    }

    /** A datagram to whom it concerns, whoever it says it is from. */
    broadcast(from: Endpoint, to: Endpoint, data: Buffer): void {
        if (!this.carries) return
        for (const port of this.ports) port.udp(from, to, data)
    }

    private announce(): void {
        for (const port of this.ports) port.changed()
    }
}

/** A connection to a server on this machine. */
class Leg implements TcpLeg {
    private readonly socket = new Socket({ allowHalfOpen: true })
    private opened = false
    private finished = false
    private peerFinished = false

    constructor(
        port: number,
        private readonly events: TcpEvents,
        gone: () => void
    ) {
        const { socket } = this
        socket.setNoDelay(true)
        socket.on("connect", () => {
            this.opened = true
            events.open()
        })
        socket.on("data", data => events.data(data))
        socket.on("end", () => {
            this.peerFinished = true
            events.end()
        })
        socket.on("error", () => {
            if (this.opened) events.reset()
            else events.refused()
        })
        socket.on("close", gone)
        socket.connect(port, "127.0.0.1")
    }

    write(data: Buffer, acknowledged: () => void): void {
        this.socket.write(data, error => {
            if (!error) acknowledged()
        })
    }

    end(): void {
        this.finished = true
        this.socket.end()
    }

    abandon(): void {
        if (this.finished && this.peerFinished) return
        this.socket.removeAllListeners("data")
        this.cut()
    }

    pause(): void {
        this.socket.pause()
    }

    resume(): void {
        this.socket.resume()
    }

    resetByPeer(): void {
        this.cut()
        this.events.reset()
    }

    /** libuv cannot reset a socket that is shutting down, and then never closes it. */
    private cut(): void {
        if (this.finished) this.socket.destroy()
        else this.socket.resetAndDestroy()
    }
}
