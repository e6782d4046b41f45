/** A serial port without a wire: a pseudo-terminal, made by socat. */
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Duplex } from "node:stream"
import { once } from "../wire/wait.ts"

/** Says what is missing, or undefined. */
export function missing(): string | undefined {
    return spawnSync("socat", ["-V"]).error
        ? "socat is not there; install it, with apt-get install socat for instance"
        : undefined
}

export interface PseudoTerminal {
    /** What a program opens as its serial port. */
    path: string
    close(): Promise<void>
}

/** @param board the other end of the port */
export async function startPseudoTerminal(
    board: Duplex
): Promise<PseudoTerminal> {
    const server = createServer(socket => {
        socket.on("error", () => {})
        socket.on("data", bytes => board.write(bytes))
        board.on("data", bytes => socket.write(bytes))
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    const folder = mkdtempSync(join(tmpdir(), "serial-"))
    const path = join(folder, "port")
    const socat = spawn(
        "socat",
        [`PTY,link=${path},raw,echo=0`, `TCP:127.0.0.1:${port}`],
        { stdio: "inherit" }
    )
    const ended = new Promise(resolve => socat.once("exit", resolve))
    // socat makes the terminal first
    await Promise.race([once(server, "connection"), ended])
    return {
        path,
        close: async () => {
            const gone = once(socat, "exit")
            socat.kill()
            await gone
            server.close()
            rmSync(folder, { recursive: true })
        },
    }
}
