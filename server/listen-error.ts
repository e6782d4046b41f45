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

/** Puts the system's error into words. */
export function listenError(
    { code, message }: NodeJS.ErrnoException,
    host: string,
    port: number
): ListenError {
    return new ListenError(wording(code, message, host, port), code)
}

function wording(
    code: string | undefined,
    message: string,
    host: string,
    port: number
): string {
    switch (code) {
        case "EADDRINUSE":
            return `port ${port} on ${host} is taken: end the program that listens there, or choose another port with --port (0 takes a free one)`
        case "EACCES":
            return `port ${port} on ${host} needs privileges: choose one from 1024 to 65535 with --port (0 takes a free one)`
        case "EADDRNOTAVAIL":
        case "ENOTFOUND":
        case "EAI_AGAIN":
            return `${host} is not an address of this machine: choose one with --host (127.0.0.1 for this machine only, 0.0.0.0 for its network too)`
        default:
            return `cannot listen on port ${port} of ${host}: ${message}`
    }
}
