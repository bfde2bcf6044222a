/* What the program says about its locks: the functions behind include/gordian.h, which finds them when this
 * library is loaded. */
#ifndef GORDIAN_INTERPOSE_ANNOTATIONS_H
#define GORDIAN_INTERPOSE_ANNOTATIONS_H

void gordian_name_lock(const volatile void *lock, const char *name);
void gordian_assert_held(const volatile void *lock);
void gordian_assert_not_held(const volatile void *lock);
void gordian_assert_none_held(void);
void gordian_gate_enter(const volatile void *object);
void gordian_gate_leave(const volatile void *object);
void gordian_epoch_reset(void);

#endif
