/**
 * Looks into the VM's garbage-collected heap from outside.
 *
 * The heap is one chunk of 64 KB: blocks of words, each beginning with a header of its tag and its size
 * (runtime/devicescript/gc_alloc.c, devs_objects.h of DeviceScript 2.16.4, compiled for 32-bit pointers). Live is what the
 * VM's own collector would keep: this file marks from the same roots, on marks of its own, so that looking changes nothing
 * and garbage is not counted. Between two steps of the VM the numbers are exact.
 */
import {
    CHUNK,
    CONTEXT,
    FIBER,
    FINAL_HEADER,
    FUNCTION_SLOT_COUNT,
    GC,
    IMAGE_GLOBAL_COUNT,
    PINNED,
    PIN_SIZE,
    ROLE,
    TAG,
    TYPES,
    WORD,
} from "./heap-layout.ts"

/** Bytes, block headers included. `live + garbage + free === size`. */
export interface HeapReport {
    /** The whole heap. */
    size: number
    /** What the program can still reach. */
    live: number
    /** What it cannot reach any more and the next collection will free. */
    garbage: number
    free: number
    /** The largest block that could be allocated after a collection. */
    largest: number
    /** Number of live blocks. An array or a map with elements has two: itself and its data. */
    objects: number
    /** Live bytes by the VM's names of its block types. */
    types: Record<string, number>
}

/** The memory that a VM's pointers point into. */
export interface Memory {
    /** Its bytes; another array when it has grown. */
    readonly HEAPU8: Uint8Array
    /** Where in them a pointer points. Default: where it says. */
    index?(pointer: number): number
    /** The lowest pointer. Default 0. */
    readonly lowest?: number
}

export class Heap {
    private memory: Uint8Array = new Uint8Array()
    private words: Uint32Array = new Uint32Array()
    private readonly index: (pointer: number) => number
    private gc = 0
    private searched = false
    private start = 0
    private end = 0
    /** One entry for each word of the heap: whether a reachable block begins there. */
    private marks: Uint8Array = new Uint8Array()
    private readonly pending: number[] = []

    constructor(private readonly vm: Memory) {
        this.index = vm.index ?? (pointer => pointer)
    }

    /** @throws when no program is loaded: right after a panic or before the first start */
    report(): HeapReport {
        if (!this.locate())
            throw new Error("expected a program in the VM, there is none")
        this.mark()
        const report: HeapReport = {
            size: this.end - this.start,
            live: 0,
            garbage: 0,
            free: 0,
            largest: 0,
            objects: 0,
            types: {},
        }
        let run = 0
        for (const block of this.blocks()) {
            const size = this.sizeOf(block)
            if (this.isMarked(block)) {
                const type = TYPES[this.tag(block) & 0xf]
                report.types[type] = (report.types[type] ?? 0) + size
                report.live += size
                report.objects++
                run = 0
            } else {
                if (this.tag(block) === TAG.free) report.free += size
                else report.garbage += size
                run += size
                report.largest = Math.max(report.largest, run)
            }
        }
        return report
    }

    /** The whole heap, in bytes. */
    get size(): number {
        return this.end - this.start
    }

    /** Bytes that are allocated, garbage included: less exact than `report().live`, but far quicker. 0 without a program. */
    used(): number {
        if (!this.locate()) return 0
        let used = 0
        for (let at = this.start; at < this.end; at += this.sizeOf(at))
            if (this.tag(at) !== TAG.free) used += this.sizeOf(at)
        return used
    }

    /** The contents of all live Buffers, as views of the VM's memory. */
    buffers(): Uint8Array[] {
        if (!this.locate()) return []
        this.mark()
        const found: Uint8Array[] = []
        for (const block of this.blocks())
            if ((this.tag(block) & 0xf) === TAG.buffer && this.isMarked(block))
                found.push(this.bytes(block + 12, this.u16(block + 4)))
        return found
    }

    /** The VM has printed something: perhaps a program was started, which has a new heap. */
    moved() {
        this.searched = false
    }

    /** @returns whether there is a heap */
    locate(): boolean {
        if (this.memory !== this.vm.HEAPU8) {
            this.memory = this.vm.HEAPU8
            this.words = new Uint32Array(this.memory.buffer)
        }
        if (!this.isHeap(this.gc) && !this.search()) return false
        const chunk = this.gc + GC.size
        this.start = chunk + CHUNK.start
        this.end = this.u32(chunk + CHUNK.end)
        return true
    }

    private search(): boolean {
        if (this.searched) return false
        this.searched = true
        const first = this.vm.lowest ?? 0
        const last = first + this.memory.length - GC.size - CHUNK.start
        for (let at = first + WORD; at < last; at += WORD) {
            if (!this.isHeap(at)) continue
            this.gc = at
            return true
        }
        return false
    }

    /** A devs_gc_t points at the chunk behind it, the chunk at its last block, and the program's context back at the devs_gc_t. */
    private isHeap(at: number): boolean {
        const chunk = at + GC.size
        if (!at || this.u32(at + GC.firstChunk) !== chunk) return false
        const end = this.u32(chunk + CHUNK.end)
        return (
            this.u32(chunk + CHUNK.next) === 0 &&
            this.u32(end) === FINAL_HEADER &&
            this.u32(this.u32(at + GC.context) + CONTEXT.gc) === at
        )
    }

    private *blocks() {
        for (let at = this.start; at < this.end; at += this.sizeOf(at)) yield at
    }

    private u32(at: number): number {
        return this.words[this.index(at) >> 2]
    }

    private u8(at: number): number {
        return this.memory[this.index(at)]
    }

    private bytes(at: number, length: number): Uint8Array {
        const start = this.index(at)
        return this.memory.subarray(start, start + length)
    }

    private u16(at: number): number {
        return this.u8(at) | (this.u8(at + 1) << 8)
    }

    private tag(block: number): number {
        return this.u32(block) >>> 24
    }

    private sizeOf(block: number): number {
        return (this.u32(block) & 0xffffff) * WORD
    }

    private isMarked(block: number): boolean {
        return this.marks[(block - this.start) >> 2] !== 0
    }

    /** mark_roots() and sweep() of gc_alloc.c, without freeing. */
    private mark() {
        this.marks = new Uint8Array((this.end - this.start) / WORD)
        const context = this.u32(this.gc + GC.context)
        const image = this.u32(context + CONTEXT.image)
        const globals = this.u16(image + IMAGE_GLOBAL_COUNT)
        this.values(this.u32(context + CONTEXT.globals), globals)
        this.values(
            context + CONTEXT.stack,
            this.u8(context + CONTEXT.stackTop)
        )
        this.values(context + CONTEXT.exception, 1)
        this.values(context + CONTEXT.diagnostic, 1)
        for (const map of CONTEXT.maps) this.block(this.u32(context + map))
        this.builtins(context)
        this.roles(context)
        this.pins(context)
        this.fibers(context)
        for (const block of this.blocks())
            if (this.tag(block) & PINNED) this.block(block)
        while (this.pending.length) this.children(this.pending.pop()!)
    }

    private builtins(context: number) {
        const list = this.u32(context + CONTEXT.builtins)
        const count = this.u8(context + CONTEXT.builtinCount)
        for (let i = 0; i < count; i++) this.block(this.u32(list + i * WORD))
    }

    private roles(context: number) {
        const list = this.u32(context + CONTEXT.roles)
        const count = this.u16(context + CONTEXT.roleCount)
        for (let i = 0; i < count; i++) {
            const role = this.u32(list + i * WORD)
            if (!role) continue
            this.values(role + ROLE.name, 1)
            this.block(this.u32(role + ROLE.attached))
        }
    }

    private pins(context: number) {
        const list = this.u32(context + CONTEXT.pins)
        const count = this.u8(context + CONTEXT.pinCount)
        for (let i = 0; i < count; i++) this.values(list + i * PIN_SIZE, 1)
    }

    private fibers(context: number) {
        let fiber = this.u32(context + CONTEXT.fibers)
        for (; fiber; fiber = this.u32(fiber + FIBER.next)) {
            this.values(fiber + FIBER.result, 1)
            let activation = this.u32(fiber + FIBER.activation)
            for (; activation; activation = this.u32(activation + 12))
                this.block(activation)
        }
    }

    /** Marks a block, unless it is none: null, or a prototype outside of the heap. */
    private block(at: number) {
        if (at < this.start || at >= this.end) return
        if (this.isMarked(at)) return
        this.marks[(at - this.start) >> 2] = 1
        this.pending.push(at)
    }

    /** Values of 8 bytes; those of exponent 0 are handles, and handle types with bit 3 set are pointers (devs_value.h). */
    private values(at: number, count: number) {
        for (let i = 0; i < count; i++, at += 8) {
            const high = this.u32(at + 4)
            if (!(high & 0x7ff00000) && high & 8) this.block(this.u32(at))
        }
    }

    /** Values in a block of bytes, pointed at behind its header. */
    private data(at: number, count: number) {
        if (!at) return
        this.block(at - WORD)
        this.values(at, count)
    }

    /** scan_gc_obj() of gc_alloc.c */
    private children(block: number) {
        switch (this.tag(block) & 0xf) {
            case TAG.map:
            case TAG.halfStaticMap:
                this.block(this.u32(block + 4))
                this.data(this.u32(block + 12), 2 * this.u16(block + 8))
                break
            case TAG.shortMap:
                this.block(this.u32(block + 4))
                this.data(this.u32(block + 12), this.u16(block + 8))
                break
            case TAG.array:
                this.block(this.u32(block + 4))
                this.data(this.u32(block + 12), this.u16(block + 8))
                break
            case TAG.buffer:
                this.block(this.u32(block + 8))
                break
            case TAG.boundFunction:
                this.values(block + 8, 2)
                break
            case TAG.activation: {
                const code = this.u32(block + 16)
                this.block(this.u32(block + 8))
                this.values(block + 24, this.u16(code + FUNCTION_SLOT_COUNT))
                break
            }
            case TAG.packet:
                this.block(this.u32(block + 24))
                this.block(this.u32(block + 28))
                break
            case TAG.image:
                this.block(this.u32(block + 16))
                this.block(this.u32(block + 20))
                break
        }
    }
}
