/** How the socket of each firmware differs; everything else in this directory is the same for all. */

/**
 * The firmware whose socket the link imitates: ESP32 (main/sock.c of devicescript-esp32), Pico W (src/lwip_sock.c of
 * devicescript-pico), or the stock simulator (runtime/devicescript-vm/wasmpre.ts).
 */
export type Like = "esp32" | "picow" | "simulator"

/** When the program gets received data, see `LinkOptions.delivery`. */
export type Delivery = "consumed" | "idle" | "burst"

/** Where a connection broke. */
export type Stage = "resolve" | "connect" | "handshake" | "transfer"

export interface Firmware {
    /** Longest piece of received data, in bytes. */
    piece: number
    delivery: Delivery
    /** With delivery "idle": what may come at once, one TCP window, in bytes. */
    window: number
    /** How much the program may write ahead of the network; what is more gets -1. */
    queue: { writes: number; bytes: number }
    /** A full queue breaks the connection. */
    breaksWhenFull: boolean
    /** TLS writes of this size, in bytes, or a larger one fail an assertion. */
    tlsWrite: number
    /** When TLS reports "open"; `none`: no TLS. */
    tls: "handshake" | "connect" | "none"
    /** Milliseconds in which nobody answers before the connection counts as failed. */
    connectTimeout: number
    /** An error that the program gets before the "close" when the peer closes. */
    peerClosed?: string
    /** The text of the program's error. */
    error(stage: Stage, name: string, message: string): string
}

const ESP32_ERRORS: Record<Stage, string> = {
    resolve: "can't resolve host",
    connect: "can't connect",
    handshake: "mbedtls_ssl_handshake",
    transfer: "recv error",
}

export const FIRMWARE: Record<Like, Firmware> = {
    esp32: {
        piece: 1024,
        delivery: "consumed",
        // ESP-IDF: CONFIG_LWIP_TCP_WND_DEFAULT
        window: 5744,
        queue: { writes: 50, bytes: Infinity },
        breaksWhenFull: false,
        // sock_mbedtls_write() asserts MBEDTLS_SSL_OUT_CONTENT_LEN
        tlsWrite: 4096,
        tls: "handshake",
        // lwIP sends a SYN 12 times, every 1.5 s
        connectTimeout: 18_000,
        error: stage => ESP32_ERRORS[stage],
    },
    // not imitated: jd_tcpsock_process() of Pico W sets host_found_pending where it means to clear it, so that a host that
    // takes no DNS query, as a literal address, is connected to again at every turn
    picow: {
        piece: 1460,
        delivery: "consumed",
        // lwipopts.h: TCP_WND and TCP_SND_BUF are 8 * TCP_MSS
        window: 8 * 1460,
        queue: { writes: Infinity, bytes: 8 * 1460 },
        breaksWhenFull: true,
        tlsWrite: Infinity,
        tls: "none",
        connectTimeout: Infinity,
        peerClosed: "recv without buf?",
        error: (stage, name, message) =>
            stage === "resolve"
                ? `can't resolve '${name}': ${message}`
                : `sock error: ${message}`,
    },
    simulator: {
        piece: 65536,
        delivery: "burst",
        window: Infinity,
        queue: { writes: Infinity, bytes: Infinity },
        breaksWhenFull: false,
        tlsWrite: Infinity,
        tls: "connect",
        connectTimeout: Infinity,
        error: (_stage, name, message) => `${name}: ${message}`,
    },
}
