#pragma once
#include <stdio.h>
#include <stdio_ext.h>

#include <bits/types/cookie_io_functions_t.h>
#include <pcap/pcap.h>

// As in <stdio.h>, which has it under _GNU_SOURCE only; Swift's Glibc is made without.
extern FILE *fopencookie(void *cookie, const char *modes, cookie_io_functions_t functions);
