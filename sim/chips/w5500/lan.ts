/** The seam between the W5500 model and whatever its cable leads to. */
export interface Endpoint {
    ip: string
    port: number
}

/** What happens on a connection, seen from the chip. */
export interface TcpEvents {
    open(): void
    /** RST instead of SYN/ACK. */
    refused(): void
    data(data: Buffer): void
    /** FIN. */
    end(): void
    /** RST. */
    reset(): void
}

/** The chip's end of a connection. */
export interface TcpLeg {
    /** @param acknowledged called when the far side has taken all of it */
    write(data: Buffer, acknowledged: () => void): void
    /** FIN. */
    end(): void
    /** The chip forgets the connection; the peer learns it as a reset unless both sides were done. */
    abandon(): void
    /** The chip's receive buffer, and so the TCP window, is full, or not any more. */
    pause(): void
    resume(): void
}

/** A chip's Ethernet port. */
export interface LanPort {
    udp(from: Endpoint, to: Endpoint, data: Buffer): void
    /** SHAR. */
    hardware(): Buffer
    /** The network begins or ceases to carry. */
    changed(): void
}

/** The network a chip is plugged into. */
export interface Lan {
    /** False: frames get lost, nobody answers. */
    readonly carries: boolean
    /** True while the peers' windows are closed: data waits without timing out. */
    readonly stalled: boolean
    attach(port: LanPort): void
    detach(port: LanPort): void
    /** The hardware address that answers an ARP request. */
    arp(ip: string): Buffer | undefined
    /** @returns undefined: the SYN is lost */
    connect(from: Endpoint, to: Endpoint, events: TcpEvents): TcpLeg | undefined
    udp(from: Endpoint, to: Endpoint, data: Buffer): void
}
