/** Lets things happen later, in order: what is on its way through a network. */
export class DelayLine {
    private readonly waiting: { due: number; action: () => void }[] = []
    private timer: NodeJS.Timeout | undefined

    /** Runs `action` after `milliseconds`, and never before one given earlier; at once when there is nothing to wait for. */
    after(milliseconds: number, action: () => void) {
        if (!milliseconds && !this.waiting.length) return action()
        this.waiting.push({ due: performance.now() + milliseconds, action })
        this.await()
    }

    private await() {
        const [first] = this.waiting
        if (!first || this.timer) return
        this.timer = setTimeout(() => {
            this.timer = undefined
            this.waiting.shift()
            first.action()
            this.await()
        }, first.due - performance.now())
    }

    /** Forgets what is waiting. */
    clear() {
        this.waiting.length = 0
        clearTimeout(this.timer)
        this.timer = undefined
    }
}
