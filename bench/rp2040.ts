/**
 * `npm run bench:rp2040`: what the library costs on an RP2040 with a W5500, in cycles of its processor. They are counted by
 * an emulator that runs the real firmware, and do not depend on the computer: the network answers within no time at all.
 */
import { createServer, type AddressInfo } from "node:net"
import { once } from "node:events"
import { WebSocketServer } from "ws"
import { compile } from "../sim/program.ts"
import { newCommand, runCommand } from "../lib/command.ts"
import { measure, withFiles, type Files, type Sample } from "./rp2040-board.ts"
import { programPath } from "./run.ts"

const SIZES = [32, 125, 1000]
const ROUNDS = 20
/** Bytes of a long message. */
const TOTAL = 32 * 1024

async function main(files: Files) {
    const servers = await startServers()
    const settings = { ...servers.ports, SIZES, ROUNDS, TOTAL }
    const { bytecode } = compile(programPath("rp2040"))
    const samples = await measure(files, bytecode, settings).finally(() =>
        servers.close()
    )
    const works = [
        ...SIZES.map(size => `exchange of ${size} B`),
        `${TOTAL / 1024} KB received`,
    ]
    // the program does everything over WebSocket, then everything over bare TCP
    const half = works.length * ROUNDS
    works.forEach((work, n) => {
        const part = (from: number) =>
            samples.slice(from + n * ROUNDS, from + (n + 1) * ROUNDS)
        report(work, part(0), part(half))
    })
}

function report(work: string, websocket: Sample[], tcp: Sample[]) {
    const per = work.endsWith("received") ? TOTAL / 1024 : 1
    const cell = (samples: Sample[]) => {
        const { cycles, millis } = middle(samples)
        const live = Math.max(...samples.map(sample => sample.live))
        return `${Math.round(cycles / per / 1000)} k cycles, ${(millis / per).toFixed(1)} ms, at most ${live} B live`
    }
    const ratio = middle(websocket).cycles / middle(tcp).cycles
    console.log(
        `${(per > 1 ? "1 KB received" : work).padEnd(20)} WebSocket ${cell(websocket)}; bare TCP ${cell(tcp)}; ratio ${ratio.toFixed(2)}`
    )
}

/** The median, by cycles. */
function middle(samples: Sample[]): Sample {
    return [...samples].sort((a, b) => a.cycles - b.cycles)[samples.length >> 1]
}

/** Servers that send back what comes, and servers that answer whatever comes with `TOTAL` bytes. */
async function startServers() {
    const wsEcho = new WebSocketServer({ host: "127.0.0.1", port: 0 })
    wsEcho.on("connection", ws =>
        ws.on("message", (data, binary) => ws.send(data, { binary }))
    )
    const wsBurst = new WebSocketServer({ host: "127.0.0.1", port: 0 })
    wsBurst.on("connection", ws =>
        ws.on("message", () => ws.send(Buffer.alloc(TOTAL)))
    )
    const tcpEcho = createServer(socket => socket.pipe(socket))
    const tcpBurst = createServer(socket =>
        socket.on("data", () => socket.write(Buffer.alloc(TOTAL)))
    )
    for (const server of [tcpEcho, tcpBurst]) server.listen(0, "127.0.0.1")
    const all = [wsEcho, wsBurst, tcpEcho, tcpBurst]
    const ports = all.map(async server => {
        if (!server.address()) await once(server, "listening")
        return (server.address() as AddressInfo).port
    })
    const [ECHO, BURST, TCPECHO, TCPBURST] = await Promise.all(ports)
    return {
        ports: { ECHO, BURST, TCPECHO, TCPBURST },
        close: () => all.forEach(server => server.close()),
    }
}

await withFiles(newCommand("bench:rp2040"))
    .description(
        "counts what the library costs on an emulated RP2040 with a W5500"
    )
    .action((files: Files) => runCommand(() => main(files)))
    .parseAsync()
