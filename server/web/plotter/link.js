import { openSocket } from "../socket.js"

/** Milliseconds before the first try to connect again, and before the later ones at most. */
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 10_000

/** Milliseconds without a batch after which the server counts as gone: it sends its state every three seconds. */
const SILENCE = 15_000

/**
 * The WebSocket at the page's own address; it connects again by itself. The server sends a batch and waits until the
 * page asks for the next one, with an empty message.
 */
export class Link {
    /** @type {WebSocket | undefined} */
    #socket
    #pause = FIRST_PAUSE
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    #silence
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
        if (this.#socket?.readyState !== WebSocket.OPEN) return
        this.#socket.send("")
        this.#watch()
    }

    // a network that went away says nothing, and a closing handshake would take long, too
    #watch() {
        clearTimeout(this.#silence)
        this.#silence = setTimeout(() => this.#lost(), SILENCE)
    }

    #lost() {
        clearTimeout(this.#silence)
        const socket = this.#socket
        if (socket) socket.onmessage = socket.onclose = null
        socket?.close()
        // not all pages of a server that comes back at the same moment
        const pause = this.#pause * (0.75 + Math.random() / 2)
        this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
        this.#onState("closed", pause)
        setTimeout(() => this.#connect(), pause)
    }

    #connect() {
        const socket = openSocket("")
        this.#socket = socket
        this.#onState("connecting", 0)
        this.#watch()
        socket.onmessage = ({ data }) => {
            clearTimeout(this.#silence)
            this.#pause = FIRST_PAUSE
            this.#onState("open", 0)
            this.#onBatch(JSON.parse(data))
        }
        socket.onclose = () => this.#lost()
    }
}
