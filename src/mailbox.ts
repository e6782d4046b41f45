import { Listeners } from "./listeners"
import { Signal } from "./signal"

/** While more bytes than this wait for the program, nothing is read. */
const WINDOW = 4096

/** What a waiting item costs beside its bytes. */
const OVERHEAD = 64

interface Mail {
    data: Buffer
}

interface Call {
    listeners: Listeners<any>
    value: any
    /** Bytes that are free again when the handlers have returned. */
    size: number
}

/**
 * What waits for the program: messages for `take`, events for handlers, each in the order of arrival.
 * @devsWhenUsed
 */
export class Mailbox {
    private mail: Mail[] = []
    private calls: Call[] = []
    private calling = false
    private size = 0
    private closed = false
    private readonly changed = new Signal()

    /** Keeps an item for `take`, or for the handlers if there are any. Returns when there is room for the next. */
    async put(item: Mail, listeners?: Listeners<any>) {
        const size = item.data.length + OVERHEAD
        this.size += size
        if (listeners && listeners.any()) this.call(listeners, item, size)
        else {
            this.mail.push(item)
            this.changed.raise()
        }
        while (this.size > WINDOW && !this.closed) await this.changed.wait()
    }

    /**
     * The next item.
     * @returns `undefined` on timeout, `null` when the mailbox is closed and empty
     */
    async take(timeout?: number): Promise<any> {
        while (!this.mail.length) {
            if (this.closed) return null
            if (!(await this.changed.wait(timeout))) return undefined
        }
        const item = this.mail[0]
        this.mail.insert(0, -1)
        this.free(item.data.length + OVERHEAD)
        return item
    }

    /** Has the handlers called, in a fiber of their own. */
    emit(listeners: Listeners<any>, value: any) {
        if (listeners.any()) this.call(listeners, value, 0)
    }

    /** Nothing more comes. */
    close() {
        this.closed = true
        this.changed.raise()
    }

    private call(listeners: Listeners<any>, value: any, size: number) {
        this.calls.push({ listeners, value, size })
        if (this.calling) return
        this.calling = true
        this.callAll.start()
    }

    private async callAll() {
        while (this.calls.length) {
            const { listeners, value, size } = this.calls[0]
            this.calls.insert(0, -1)
            await listeners.call(value)
            if (size) this.free(size)
        }
        this.calling = false
    }

    private free(size: number) {
        const full = this.size > WINDOW
        this.size -= size
        if (full && this.size <= WINDOW) this.changed.raise()
    }
}
