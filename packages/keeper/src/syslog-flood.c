/*
 * How much one sender may say: so many messages within a time that begins with the first of them, of which a long one
 * counts as several, since it is the room in the files that must not be one sender's. What comes on top is dropped, and
 * a line says how many when that time is over.
 *
 * A user is one sender, with however many processes, since he can make more; of root each process is one, since all
 * that is its are not one program. The kernel vouches for both. Of UDP it is the address, which anybody can forge; and
 * a user may have thousands of users below himself (subuid(5)). So there is room for so many of each kind, and who
 * finds none has a part of what all those of his kind together may say: neither crowds out root.
 */
#include "syslog.h"

#include <string.h>

struct entry {
  struct sender sender;
  uint64_t until; /* milliseconds; 0: free */
  uint32_t count;
  uint64_t dropped;
};

enum { ENTRY_COUNT = SENDER_KINDS * (SYSLOG_SENDER_COUNT + 1) };
/* Those of one kind stand together, and the last of them is of all others. */
static struct entry entries[ENTRY_COUNT];
static uint32_t most_count;
static uint64_t window_ms;
/* Whose message was admitted last. */
static struct entry *charged;

void syslog_flood_begin(uint32_t count, uint32_t seconds) {
  memset(entries, 0, sizeof entries);
  charged = NULL;
  most_count = count;
  window_ms = (uint64_t)seconds * 1000;
}

/* Its own, a free one, or that of all others. One whose drops are still to be told is not free. */
static struct entry *entry_of(const struct sender *sender, uint64_t now) {
  struct entry *first = &entries[sender->kind * (SYSLOG_SENDER_COUNT + 1)], *free_one = NULL;
  struct entry *others = first + SYSLOG_SENDER_COUNT;
  for (struct entry *entry = first; entry < others; entry++) {
    int is_its = memcmp(entry->sender.key, sender->key, sizeof sender->key) == 0;
    if (entry->until != 0 && is_its) return entry;
    if (free_one == NULL && (entry->until == 0 || (now >= entry->until && entry->dropped == 0)))
      free_one = entry;
  }
  if (free_one != NULL) *free_one = (struct entry){.sender = *sender};
  if (free_one != NULL) return free_one;
  others->sender = (struct sender){.kind = sender->kind, .is_others = 1};
  return others;
}

int syslog_admit(const struct sender *sender, size_t length, uint64_t now) {
  if (most_count == 0) return 1;
  struct entry *entry = entry_of(sender, now);
  if (now >= entry->until && entry->dropped == 0) {
    entry->until = now + window_ms;
    entry->count = 0;
  }
  /* At least one of them, however long. */
  charged = entry;
  uint32_t cost = 1 + (uint32_t)(length / SYSLOG_SHARE_BYTES);
  if (entry->count == 0 || entry->count + cost <= most_count) return entry->count += cost, 1;
  entry->dropped++;
  return 0;
}

void syslog_charge(size_t length) {
  if (charged != NULL) charged->count += (uint32_t)(length / SYSLOG_SHARE_BYTES);
}

uint64_t syslog_flood_wait(uint64_t now, uint64_t most) {
  for (size_t at = 0; at < ENTRY_COUNT; at++) {
    if (entries[at].dropped == 0) continue;
    uint64_t wait = entries[at].until > now ? entries[at].until - now : 0;
    if (wait < most) most = wait;
  }
  return most;
}

int syslog_dropped(uint64_t now, struct sender *sender, uint64_t *count) {
  for (size_t at = 0; at < ENTRY_COUNT; at++) {
    struct entry *entry = &entries[at];
    if (entry->dropped == 0 || now < entry->until) continue;
    *sender = entry->sender;
    *count = entry->dropped;
    *entry = (struct entry){.until = 0};
    return 1;
  }
  return 0;
}
