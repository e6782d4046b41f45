/** What a probe of sockets connects to. */
import { createServer, type AddressInfo, type Server } from "node:net"

/** Bytes that each client gets, at once, with the end behind them: less than any device's memory. */
export const SENT = 8000

export interface Peer {
    /** As the program's settings */
    settings: { HOST: string; PORT: number; NOBODY: number }
    close(): Promise<void>
}

/** @param host the address of this computer as the board sees it */
export async function startPeer(host: string): Promise<Peer> {
    const server = createServer(socket => {
        socket.on("error", () => {})
        socket.end(Buffer.alloc(SENT, "x"))
    })
    const port = await listen(server, host)
    // a port that was free a moment ago
    const other = createServer()
    const nobody = await listen(other, host)
    await closed(other)
    return {
        settings: { HOST: host, PORT: port, NOBODY: nobody },
        close: () => closed(server),
    }
}

function listen(server: Server, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
        server.once("error", reject)
        server.listen(0, host, () =>
            resolve((server.address() as AddressInfo).port)
        )
    })
}

function closed(server: Server): Promise<void> {
    return new Promise(resolve => server.close(() => resolve()))
}
