/** TCP ports of this computer. */
import { once } from "node:events"
import { createServer, type AddressInfo } from "node:net"

/** A port that nobody listens on now. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
    const server = createServer().listen(0, host)
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    await new Promise(closed => server.close(closed))
    return port
}

/** Whether one can listen on a port. */
export async function isFree(
    port: number,
    host = "127.0.0.1"
): Promise<boolean> {
    const server = createServer().listen(port, host)
    const isListening = await once(server, "listening").then(
        () => true,
        () => false
    )
    if (isListening) await new Promise(closed => server.close(closed))
    return isListening
}
