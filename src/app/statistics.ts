/** Round trips that the median is taken of: the newest ones. */
const WINDOW = 64

/** What became of the messages so far. */
export class Tally {
    sent = 0
    right = 0
    wrong = 0
    lost = 0
    /** Replies to messages that count as wrong or lost already. */
    late = 0
    connections = 0

    private shortest: number
    private longest: number
    private newest: number[] = []
    private next = 0

    /** @param time of a right reply, in milliseconds */
    addRight(time: number) {
        if (this.right === 0 || time < this.shortest) this.shortest = time
        if (this.right === 0 || time > this.longest) this.longest = time
        this.right++
        this.newest[this.next] = time
        this.next = (this.next + 1) % WINDOW
    }

    /** `sent=… right=… wrong=… lost=… late=… reconnects=… rtt=min/median/max`, times in milliseconds. */
    format(): string {
        const { sent, right, wrong, lost, late, connections } = this
        const reconnects = Math.max(0, connections - 1)
        return `sent=${sent} right=${right} wrong=${wrong} lost=${lost} late=${late} reconnects=${reconnects} rtt=${this.times()}`
    }

    private times(): string {
        if (this.right === 0) return "-"
        const sorted = this.newest.slice().sort((a, b) => a - b)
        const median = sorted[sorted.length >> 1]
        return `${this.shortest}/${median}/${this.longest}`
    }
}
