#include <malloc.h>

/// Gives memory that was freed back to the system, where the C library can do so; 1 if any was.
static inline int spillway_give_back_memory(void) {
#if defined(__GLIBC__)
  return malloc_trim(0);
#else
  return 0;
#endif
}
