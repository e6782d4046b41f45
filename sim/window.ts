/** Tells whether the program works off what it receives, by looking whether the pieces are still in its heap. */
import type { Heap } from "./heap.ts"

/** Below this much free heap, in bytes, the program gets more only after it has let go of what it got. */
const RESERVE = 42 * 1024
/** What it may keep nevertheless: a loop's variable holds the piece of the round before while it waits for the next. */
const KEPT = 4 * 1024
/** The heap cannot hold more than its size: older pieces need not be remembered. */
const REMEMBERED = 64 * 1024

export class ReceiveWindow {
    private pieces: Uint8Array[] = []
    private bytes = 0

    constructor(private readonly heap: Heap) {}

    /** A piece went to the program. */
    delivered(piece: Uint8Array) {
        this.pieces.push(piece)
        this.bytes += piece.length
        while (this.bytes > REMEMBERED)
            this.bytes -= this.pieces.shift()!.length
    }

    hasRoom(): boolean {
        if (!this.heap.locate()) return true
        if (this.heap.size - this.heap.used() >= RESERVE) return true
        const { size, live } = this.heap.report()
        return size - live >= RESERVE || this.unconsumed() <= KEPT
    }

    /** Bytes of received pieces that the program still holds; forgets the pieces that it let go of. */
    private unconsumed(): number {
        const gone = [...this.pieces]
        const held: Uint8Array[] = []
        for (const buffer of this.heap.buffers()) {
            const at = gone.findIndex(
                piece => Buffer.compare(piece, buffer) === 0
            )
            if (at >= 0) held.push(...gone.splice(at, 1))
        }
        this.pieces = held
        this.bytes = held.reduce((sum, piece) => sum + piece.length, 0)
        return this.bytes
    }
}
