/** What ends a command: the message says what the user can put right, and is shown without a stack. */
export class UserError extends Error {
    /** What the command ends with. */
    readonly exitCode: number = 1

    constructor(message: string) {
        super(message)
        this.name = new.target.name
    }
}

/** There is no such device here; the message says what is missing and how to get it. */
export class NoDevice extends UserError {
    override readonly exitCode = 3
}
