/** Turns of the event loop, counted while somebody asks. */
let turn = 0
let counting = false

function currentTurn(): number {
    if (!counting) {
        counting = true
        setImmediate(() => {
            counting = false
            turn++
        })
    }
    return turn
}

/** How much one client may have done for it before the others have theirs. */
export class TurnBudget {
    readonly #limit: number
    #turn = 0
    #spent = 0

    /** @param limit in any unit, for each turn of the event loop */
    constructor(limit: number) {
        this.#limit = limit
    }

    get isExhausted(): boolean {
        this.#renew()
        return this.#spent >= this.#limit
    }

    spend(amount: number): void {
        this.#renew()
        this.#spent += amount
    }

    #renew(): void {
        const now = currentTurn()
        if (now === this.#turn) return
        this.#turn = now
        this.#spent = 0
    }
}
