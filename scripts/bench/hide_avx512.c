/* A library to preload: the program sees a CPU without AVX-512 and AMX. For programs that cannot be told
 * which instruction set to use (ONNX Runtime), so that AVX2 can be compared with AVX2 on a machine that has
 * more. Linux on x86-64 can make the CPUID instruction fault (arch_prctl ARCH_CPUID); the handler runs the
 * true one and takes the features away. Where the processor cannot do that the program ends with a line. */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef ARCH_CPUID
#define ARCH_CPUID 0x1012
#endif

/* Leaf 7: all AVX-512 and AMX bits; AVX-VNNI and what else leaf 7.1 tells goes with them. */
static const unsigned ebx_hidden =
    1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31;
static const unsigned ecx_hidden = 1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14;
static const unsigned edx_hidden = 1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25;

static struct sigaction before;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *at = (const unsigned char *)r[REG_RIP];
    if (at[0] != 0x0f || at[1] != 0xa2) { /* another fault: as if this library were not there */
        (void)info;
        sigaction(signal, &before, NULL);
        return;
    }
    const unsigned leaf = (unsigned)r[REG_RAX], sub = (unsigned)r[REG_RCX];
    unsigned a, b, c, d;
    syscall(SYS_arch_prctl, ARCH_CPUID, 1L);
    __cpuid_count(leaf, sub, a, b, c, d);
    syscall(SYS_arch_prctl, ARCH_CPUID, 0L);
    if (leaf == 7 && sub == 0) {
        b &= ~ebx_hidden;
        c &= ~ecx_hidden;
        d &= ~edx_hidden;
    } else if (leaf == 7) {
        a = b = c = d = 0;
    }
    r[REG_RAX] = a;
    r[REG_RBX] = b;
    r[REG_RCX] = c;
    r[REG_RDX] = d;
    r[REG_RIP] += 2;
}

__attribute__((constructor)) static void hide(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSEGV, &action, &before) || syscall(SYS_arch_prctl, ARCH_CPUID, 0L)) {
        fprintf(stderr, "this machine cannot hide AVX-512 from a program\n");
        _exit(1);
    }
}
