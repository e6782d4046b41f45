/** What a probe of sockets connects to. */
import { createServer, type Server } from "node:net"
import { listen } from "../../../server/http/listen.ts"

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
    const port = await listen(server, host, 0)
    // a port that was free a moment ago
    const other = createServer()
    const nobody = await listen(other, host, 0)
    await closed(other)
    return {
        settings: { HOST: host, PORT: port, NOBODY: nobody },
        close: () => closed(server),
    }
}

function closed(server: Server): Promise<void> {
    return new Promise(resolve => server.close(() => resolve()))
}
