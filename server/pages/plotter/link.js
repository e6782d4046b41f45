import { openSocket } from "../socket.js"

/** Milliseconds before the first try to connect again, and before the later ones at most. */
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 10_000

/**
 * The WebSocket at the page's own address; it connects again by itself. The server sends a batch and waits until the
 * page asks for the next one, with an empty message.
 */
export class Link {
    /** @type {WebSocket | undefined} */
    #socket
    #pause = FIRST_PAUSE
    #onBatch
    #onState

    /**
     * @param {(batch: import("./store.js").Batch) => void} onBatch
     * @param {(state: "connecting" | "open" | "closed", pause: number) => void} onState `pause`: milliseconds until
     *     the next try
     */
    constructor(onBatch, onState) {
        this.#onBatch = onBatch
        this.#onState = onState
        this.#connect()
    }

    /** Asks for the next batch. */
    ask() {
        if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send("")
    }

    #connect() {
        const socket = openSocket("")
        this.#socket = socket
        this.#onState("connecting", 0)
        socket.onmessage = ({ data }) => {
            this.#pause = FIRST_PAUSE
            this.#onState("open", 0)
            this.#onBatch(JSON.parse(data))
        }
        socket.onclose = () => {
            // not all pages of a server that comes back at the same moment
            const pause = this.#pause * (0.75 + Math.random() / 2)
            this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
            this.#onState("closed", pause)
            setTimeout(() => this.#connect(), pause)
        }
    }
}
