import { once } from "node:events"
import type { AddressInfo, Server } from "node:net"

/** The server could not listen; the message says where, why, and what to do. */
export class ListenError extends Error {
    override name = "ListenError"
    /** The system's code, such as `EADDRINUSE` */
    readonly code: string | undefined

    constructor(message: string, code: string | undefined) {
        super(message)
        this.code = code
    }
}

/** The options of the command line that say where a server listens. */
export interface ListenOptions {
    host: string
    port: string
}

const PUBLIC: ListenOptions = { host: "--host", port: "--port" }

/**
 * Listens, on a free port if `port` is 0.
 * @param options with which another place can be chosen, should it fail
 * @returns the port
 * @throws ListenError when the port is taken, or host and port cannot be listened on
 */
export async function listen(
    server: Server,
    host: string,
    port: number,
    options = PUBLIC
): Promise<number> {
    try {
        await once(server.listen(port, host), "listening")
    } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        const why = wording(code, host, port, options)
        throw new ListenError(
            why ?? `cannot listen on port ${port} of ${host}: ${message}`,
            code
        )
    }
    return (server.address() as AddressInfo).port
}

function wording(
    code: string | undefined,
    host: string,
    port: number,
    options: ListenOptions
): string | undefined {
    switch (code) {
        case "EADDRINUSE":
            return `port ${port} on ${host} is taken: end the program that listens there, or choose another port with ${options.port} (0 takes a free one)`
        case "EACCES":
            return `port ${port} on ${host} needs privileges: choose one from 1024 to 65535 with ${options.port} (0 takes a free one)`
        case "EADDRNOTAVAIL":
        case "ENOTFOUND":
        case "EAI_AGAIN":
            return `${host} is not an address of this machine: choose one with ${options.host} (127.0.0.1 for this machine only, 0.0.0.0 for its network too)`
    }
    return undefined
}
