/** The part of websocket-driver 0.7 that is used; it comes without types. */
declare module "websocket-driver" {
    import type { EventEmitter } from "node:events"

    interface Driver extends EventEmitter {
        readonly version: "hixie-75" | "hixie-76"
        /** What it writes: `data` events */
        readonly io: EventEmitter
        setHeader(name: string, value: string): boolean
        /** Writes the handshake's answer, for hixie-76 as far as it can be known */
        start(): boolean
        parse(chunk: Buffer): void
        text(message: string): boolean
    }

    /** What the drafts' drivers read of a request. */
    interface DraftRequest {
        method: string
        url: string
        headers: Record<string, string | undefined>
        socket: { secure: boolean }
    }

    const driver: {
        http(request: DraftRequest, options: { maxLength: number }): Driver
    }
    export default driver
    export type { Driver }
}
