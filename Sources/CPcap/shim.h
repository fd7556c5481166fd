#pragma once
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/socket.h>

#include <bits/types/cookie_io_functions_t.h>
#include <pcap/pcap.h>

// As in <stdio.h>, which has it under _GNU_SOURCE only; Swift's Glibc is made without.
extern FILE *fopencookie(void *cookie, const char *modes, cookie_io_functions_t functions);

// As in <sys/socket.h>, under _GNU_SOURCE as well.
#ifdef __USE_GNU
typedef struct mmsghdr spillway_mmsghdr;
#else
typedef struct {
  struct msghdr msg_hdr;
  unsigned int msg_len;
} spillway_mmsghdr;
extern int sendmmsg(int socket, spillway_mmsghdr *messages, unsigned int count, int flags);
#endif
