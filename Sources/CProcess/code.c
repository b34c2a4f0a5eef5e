// What was needed to start is not needed to wait, but stays mapped, and counts as memory in use.
#define _GNU_SOURCE
#include "CProcess.h"

#ifdef __linux__

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int forget(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size, (void)context;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (unsigned index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz + page - 1) & ~(page - 1);
        // Of the vDSO, which cannot be forgotten, madvise(2) says so.
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void cprocess_forget_code(void) { dl_iterate_phdr(forget, 0); }

#else

void cprocess_forget_code(void) {}

#endif
