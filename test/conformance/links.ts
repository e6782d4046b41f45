/** The links that the cases run over: how the program receives, and how the server writes. */
import type { LinkOptions } from "../../sim/link.ts"
import type { TlsOptions } from "node:tls"
import type { Writing } from "../wire/peer.ts"
import { BY_KEY } from "../wire/psk.ts"
import { certificate, credentials } from "../wire/tcp-server.ts"

export interface LinkMode {
    name: string
    /** For the report. */
    what: string
    board: LinkOptions
    writing: Writing
    /** The server speaks TLS; by a pre-shared key the program does so itself. */
    tls?: TlsOptions
    /** Milliseconds that everything takes longer, in each direction. */
    delay: number
    /** Payload bytes that it can carry in a few seconds. */
    most: number
}

const KB = 1024
const MB = 1024 * KB

export const LINKS: LinkMode[] = [
    {
        name: "plain",
        what: "as an ESP32 receives: pieces of up to 1,024 B",
        board: { like: "esp32" },
        writing: "apart",
        delay: 0,
        most: Infinity,
    },
    {
        name: "chopped1",
        what: "received byte by byte",
        board: { piece: 1 },
        writing: "apart",
        delay: 0,
        most: 32 * KB,
    },
    {
        name: "chopped64",
        what: "received in pieces of 64 B",
        board: { piece: 64 },
        writing: "apart",
        delay: 0,
        most: MB,
    },
    {
        name: "chopped1460",
        what: "received in TCP segments of 1,460 B, as on Pico W",
        board: { like: "picow" },
        writing: "apart",
        delay: 0,
        most: Infinity,
    },
    {
        name: "merged",
        what: "all that the server sends between two waits in one write, received in pieces of up to 8 KB",
        board: { like: "simulator", delivery: "consumed", piece: 8 * KB },
        writing: "merged",
        delay: 0,
        most: 4 * MB,
    },
    {
        name: "paced",
        what: "2 ms of delay in each direction; the server pauses after every 512 B and every frame",
        board: { like: "esp32" },
        writing: "paced",
        delay: 2,
        most: 64 * KB,
    },
    {
        name: "esp32",
        what: "as an ESP32 looks for data: every 10 ms, then a TCP window at once, or six small segments",
        board: { like: "esp32", delivery: "idle" },
        writing: "apart",
        delay: 0,
        most: MB,
    },
    {
        name: "esp32-tls",
        what: "the same over TLS, record by record and with a round trip of 10 ms; what runs ahead of its acknowledgements by more than 5,744 B is lost",
        board: {
            like: "esp32",
            delivery: "idle",
            tls: { ca: certificate },
        },
        writing: "apart",
        tls: credentials,
        delay: 5,
        // what comes while a Ping proves what went out has to fit into the program
        most: 16 * KB,
    },
    {
        name: "psk",
        what: "over the program's own TLS, by a pre-shared key",
        board: {},
        writing: "apart",
        tls: BY_KEY,
        delay: 0,
        most: MB,
    },
]

/** @throws for a name that is not known */
export function linkMode(name: string): LinkMode {
    const found = LINKS.find(link => link.name === name)
    if (found) return found
    const names = LINKS.map(link => link.name).join(", ")
    throw new Error(`link ${name}: expected one of ${names}`)
}
