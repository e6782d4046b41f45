import * as ds from "@devicescript/core"
import { Listeners } from "./listeners"
import { Message, Slice } from "../protocol/message"
import { Signal } from "../fiber/signal"

/** While more bytes than this wait for the program, nothing is read. */
const WINDOW = 4096

/** What a waiting item costs beside its bytes. */
const OVERHEAD = 64

type Item = Message | Slice

interface Call {
    listeners: Listeners<any>
    value: any
}

/**
 * What waits for the program: messages for `take`, events for handlers, each in the order of arrival.
 * @devsWhenUsed
 */
export class Mailbox {
    private items: Item[] = []
    private size = 0
    private closed: boolean
    /** The link is gone: nothing is held up any more. */
    private released: boolean
    /** The program has taken an item, and not come for the next. */
    private busy: boolean
    private readonly changed = new Signal()
    private readonly idle = new Signal()
    private calls: Call[] = []
    private calling: boolean

    /** @param onitem gets the items, if it has handlers; else `take` does */
    constructor(private readonly onitem: Listeners<any>) {
        const self = this
        onitem.onsubscribe = () => self.handOver()
    }

    /** Takes an item in. Returns when there is room for the next; once closed, drops it. */
    async put(item: Item) {
        if (this.closed) return
        const { onitem, changed } = this
        const size = this.size + item.data.length + OVERHEAD
        this.size = size
        if (onitem.handlers) this.call(onitem, item)
        else {
            this.items.push(item)
            if (changed.fiber) changed.notify()
        }
        if (size > WINDOW)
            while (this.size > WINDOW && !this.closed && !this.released)
                await this.changed.wait()
    }

    /** Whether `put` waits for room from now on; not when the link is gone, whose end would go unnoticed. */
    limit(on: boolean) {
        this.released = !on
        this.changed.notify()
    }

    /** Waits until the program has dealt with all that came: it waits for more, its handlers have returned. */
    async settled(timeout: number) {
        const end = ds.millis() + timeout
        while (this.items.length || this.busy || this.calling) {
            const left = end - ds.millis()
            if (left <= 0 || this.closed) return
            await this.idle.wait(left)
        }
    }

    /**
     * The next item.
     * @returns `undefined` on timeout, `null` when the mailbox is closed and empty
     */
    async take(timeout?: number): Promise<any> {
        this.busy = false
        let until: number
        while (!this.items.length) {
            if (this.closed) return null
            this.idle.notify()
            if (timeout === undefined) await this.changed.wait()
            else {
                const now = ds.millis()
                if (until === undefined) until = now + timeout
                else if (now >= until) return undefined
                if (!(await this.changed.wait(until - now))) return undefined
            }
        }
        const item = this.items[0]
        this.items.insert(0, -1)
        this.busy = true
        this.free(item)
        return item
    }

    /** Has the handlers called, in a fiber of their own. */
    emit(listeners: Listeners<any>, value: any) {
        if (listeners.handlers) this.call(listeners, value)
    }

    /** Nothing more comes. */
    close() {
        this.closed = true
        this.changed.notify()
        this.idle.notify()
    }

    /** What came before the first handler is for the handlers, too. */
    private handOver() {
        const calls = this.calls
        const items = this.items
        this.calls = []
        this.items = []
        for (const item of items) this.call(this.onitem, item)
        this.calls.pushRange(calls)
    }

    private call(listeners: Listeners<any>, value: any) {
        this.calls.push({ listeners, value })
        if (this.calling) return
        this.calling = true
        this.callAll.start()
    }

    private async callAll() {
        while (this.calls.length) {
            const { listeners, value } = this.calls[0]
            this.calls.insert(0, -1)
            if (listeners === this.onitem) await this.handle(value)
            else await listeners.call(value)
        }
        this.calling = false
        this.idle.notify()
    }

    private async handle(item: Item) {
        const { onitem, changed } = this
        if (onitem.handlers) {
            await onitem.call(item)
            this.free(item)
        } else {
            // The last handler has gone meanwhile.
            this.items.push(item)
            changed.notify()
        }
    }

    private free(item: Item) {
        const before = this.size
        const after = before - item.data.length - OVERHEAD
        this.size = after
        if (before > WINDOW && after <= WINDOW) this.changed.notify()
    }
}
