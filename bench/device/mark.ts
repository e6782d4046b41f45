import { sleep } from "@devicescript/core"

/**
 * Tells the bench where the program is. The pause before it ends the VM's turn, since CPU time is counted turn by turn;
 * the one behind it lets the bench look at the heap.
 */
export async function mark(what: string) {
    await sleep(20)
    console.log(what)
    await sleep(20)
}
