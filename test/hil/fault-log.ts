/** What went wrong on purpose, and when: the report shows it against the exchanges. */

export interface Fault {
    name: string
    /** `performance.now()`, in milliseconds. */
    from: number
    /** Missing while it lasts; the same as `from` when it was but a moment. */
    to?: number
}

export class FaultLog {
    readonly list: Fault[] = []

    begin(name: string) {
        this.list.push({ name, from: performance.now() })
    }

    moment(name: string) {
        const now = performance.now()
        this.list.push({ name, from: now, to: now })
    }

    /** Those that last, and whose name begins so, are over. */
    end(prefix = "") {
        for (const fault of this.list)
            if (fault.name.startsWith(prefix)) fault.to ??= performance.now()
    }
}
