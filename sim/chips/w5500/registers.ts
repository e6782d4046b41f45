/** The register block and the ring buffers of one socket of the W5500 model. */

/** Socket registers (datasheet 3.2 and 4.2). */
export const at = {
    MR: 0x00,
    CR: 0x01,
    IR: 0x02,
    SR: 0x03,
    PORT: 0x04,
    DHAR: 0x06,
    DIPR: 0x0c,
    DPORT: 0x10,
    TTL: 0x16,
    RXBUF_SIZE: 0x1e,
    TXBUF_SIZE: 0x1f,
    TX_FSR: 0x20,
    TX_RD: 0x22,
    TX_WR: 0x24,
    RX_RSR: 0x26,
    RX_RD: 0x28,
    RX_WR: 0x2a,
    IMR: 0x2c,
    FRAG: 0x2d,
    KPALVTR: 0x2f,
} as const
export const SIZE = 0x30

/** Sn_CR; LISTEN, SEND_MAC and SEND_KEEP are not modelled and do nothing. */
export const command = {
    OPEN: 0x01,
    CONNECT: 0x04,
    DISCON: 0x08,
    CLOSE: 0x10,
    SEND: 0x20,
    RECV: 0x40,
} as const

export const interrupt = {
    CON: 0x01,
    DISCON: 0x02,
    RECV: 0x04,
    TIMEOUT: 0x08,
    SEND_OK: 0x10,
} as const

/** Sn_SR (datasheet 4.2). */
export const state = {
    CLOSED: 0x00,
    INIT: 0x13,
    SYNSENT: 0x15,
    ESTABLISHED: 0x17,
    FIN_WAIT: 0x18,
    CLOSING: 0x1a,
    TIME_WAIT: 0x1b,
    CLOSE_WAIT: 0x1c,
    LAST_ACK: 0x1d,
    UDP: 0x22,
} as const

/** A socket's share of the chip's memory; offsets wrap at its size. */
export class Ring {
    private readonly bytes = Buffer.alloc(16 * 1024)
    constructor(
        private readonly extent: () => { start: number; size: number }
    ) {}

    at(pointer: number): number {
        return this.bytes[this.position(pointer)]
    }

    put(pointer: number, byte: number): void {
        if (this.extent().size) this.bytes[this.position(pointer)] = byte
    }

    get size(): number {
        return this.extent().size
    }

    private position(pointer: number): number {
        const { size } = this.extent()
        return size ? pointer & (size - 1) : 0
    }
}
