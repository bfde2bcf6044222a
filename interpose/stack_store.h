/* The stack store: each distinct stack once, as a record with an id. For the holder of the session's lock. */
#ifndef GORDIAN_INTERPOSE_STACK_STORE_H
#define GORDIAN_INTERPOSE_STACK_STORE_H

#include <stdbool.h>
#include <stdint.h>

/* Forget every stack: a new recording begins. */
void stack_store_start(void);

/* Return the id of the stack with these addresses (innermost first), recording it when it is new, and the
 * modules that it lies in. 0 when there is no room. */
uint32_t stack_store_intern(const uint64_t *addresses, uint32_t count, bool cut);

/* The same for one in which these Python functions are active (python_store.h): with others it is another
 * stack. 0 stands for none. */
uint32_t stack_store_intern_python(const uint64_t *addresses, uint32_t count, bool cut, uint32_t python);

/* The same addresses will mean another stack from now on: a module was unloaded. */
void stack_store_next_epoch(void);

/* Return the record of a stack, NULL for 0 or an unknown id. */
const struct recording_stack *stack_store_at(uint32_t stack);

#endif
