/** A server that does to a client what no good server does, over the bytes of the scriptable peer. */
import { upgrade, type Answer } from "../wire/handshake.ts"
import { CLOSE, closeFrame, frame, TEXT } from "../wire/frames.ts"
import { Peer } from "../wire/peer.ts"
import { TcpServer } from "../wire/server.ts"
import { BY_KEY } from "../wire/psk.ts"
import { credentials } from "../wire/tcp-server.ts"
import type { DeviceOptions } from "./device.ts"
import type { FaultLog } from "./fault-log.ts"
import type { ServerRecord } from "./server-side.ts"

/** What it does on one connection. */
export interface Impostor {
    /** For the time line. */
    name: string
    /** Answers the handshake. Default: accepts. */
    answer?: Answer
    /** Exchanges that it makes as it should, first. */
    exchanges?: number
    /** Then it sends these frames. */
    send?: Uint8Array[]
}

/** Milliseconds for which it waits for anything from the client. */
const PATIENCE = 120_000

/** Plays its parts, a connection each. */
export class Impostors {
    private constructor(
        private readonly server: TcpServer,
        private readonly record: ServerRecord,
        private readonly faults: FaultLog
    ) {}

    /** @param options what TLS it has */
    static async start(
        record: ServerRecord,
        faults: FaultLog,
        { tls, psk }: Pick<DeviceOptions, "tls" | "psk">
    ) {
        const certificate = tls ? credentials : undefined
        const server = await TcpServer.start(psk ? BY_KEY : certificate)
        return new Impostors(server, record, faults)
    }

    get port(): number {
        return this.server.port
    }

    /** @param last called when the client has connected for the last part */
    async play(parts: Impostor[], last: () => void) {
        for (const [index, part] of parts.entries()) {
            const socket = await this.server.connection()
            if (index === parts.length - 1) last()
            const peer = new Peer(socket, "apart", part.answer ?? upgrade)
            await peer.next(PATIENCE)
            if (part.answer) await this.refuse(part, peer)
            else await this.misbehave(part, peer)
            await peer.hangUp()
        }
    }

    private async refuse({ name, answer }: Impostor, peer: Peer) {
        this.faults.moment(name)
        const [, status] = answer!({
            violations: [],
            headers: new Map(),
            accept: "",
        }).split(" ")
        this.record.add({ event: "refused", status: Number(status) })
        // whoever promises another protocol does not hang up
        if (status === "101") await this.end(peer, false)
    }

    private async misbehave(part: Impostor, peer: Peer) {
        this.record.add({ event: "connection" })
        for (let n = 0; n < (part.exchanges ?? 0); n++) await this.echo(peer)
        this.faults.moment(part.name)
        const frames = part.send ?? []
        await peer.send(frames)
        const closing = frames.some(([first]) => (first & 0xf) === CLOSE)
        const code = await this.end(peer, closing)
        this.record.add({ event: "close", code })
    }

    private async echo(peer: Peer) {
        for (;;) {
            const event = await peer.next(PATIENCE)
            if (!event || event.type === "end") return
            if (event.type !== "message") continue
            const text = event.data.toString()
            const reply = [...text].reverse().join("")
            this.record.add({ event: "message", data: text })
            await peer.send([frame(TEXT, reply)])
            this.record.add({ event: "reply", data: reply })
            return
        }
    }

    /**
     * Waits until the client ends.
     * @param closing the Close frame is sent
     * @returns the client's close code
     */
    private async end(peer: Peer, closing: boolean): Promise<number> {
        let code = 1006
        for (;;) {
            const event = await peer.next(PATIENCE)
            if (!event || event.type === "end") return code
            if (event.type === "message")
                this.record.add({
                    event: "message",
                    data: event.data.toString(),
                })
            if (event.type !== "close") continue
            code = event.code ?? 1005
            if (!closing) await peer.send([closeFrame(event.code)])
            await peer.hangUp()
        }
    }

    async stop() {
        await this.server.stop()
    }
}
