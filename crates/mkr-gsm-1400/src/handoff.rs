//! From the boot loader to the program.
//!
//! The loader of this board jumps to the program with interrupts enabled and SysTick running, one exception each
//! 20.8 us. A program that does not expect it ends in the default handler. So SysTick is stopped before the
//! run-time so much as clears its RAM, and every interrupt is disabled; an exception that strikes in the few cycles
//! before that ends in a handler that does the same.
#![expect(unsafe_code, reason = "the first instructions of a program, and a register of the core")]

use core::arch::global_asm;

use cortex_m::peripheral::SYST;
use cortex_m_rt::exception;

// `__pre_init` is the name by which cortex-m-rt calls it, before RAM is initialised: it uses none.
// SYST_CSR := 0; ICSR.PENDSTCLR; NVIC ICER and ICPR: all interrupts disabled, none pending (ARMv6-M B3.2, B3.4).
global_asm!(
    ".section .text.__pre_init,\"ax\",%progbits",
    ".global __pre_init",
    ".type __pre_init,%function",
    ".thumb_func",
    "__pre_init:",
    "cpsid i",
    "movs r1, #0",
    "ldr r0, =0xE000E010", // SYST_CSR
    "str r1, [r0]",
    "mvns r1, r1",
    "ldr r0, =0xE000E180", // NVIC_ICER
    "str r1, [r0]",
    "ldr r0, =0xE000E280", // NVIC_ICPR
    "str r1, [r0]",
    "ldr r0, =0xE000ED04", // ICSR
    "ldr r1, =0x02000000", // PENDSTCLR
    "str r1, [r0]",
    "cpsie i",
    "bx lr",
    ".pool",
);

#[exception]
fn SysTick() {
    // SAFETY: the register belongs to the core; no program of this board uses SysTick, and stopping it is atomic.
    unsafe { (*SYST::PTR).csr.write(0) };
}
