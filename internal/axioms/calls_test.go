package axioms

import (
	"fmt"
	"strings"
	"testing"
)

// TestCalls: what each function of the kernel yields and leaves in memory, where x is 5 before, in the order of arguments that the kernel has.
func TestCalls(t *testing.T) {
	type row struct {
		call   string
		result int // of a function with a result
		memory int
	}
	var rows []row
	for _, suffix := range []string{"", "_relaxed", "_acquire", "_release"} {
		rows = append(rows,
			row{"xchg" + suffix + "(x, 3)", 5, 3}, row{"atomic_xchg" + suffix + "(x, 3)", 5, 3},
			row{"cmpxchg" + suffix + "(x, 5, 3)", 5, 3}, row{"cmpxchg" + suffix + "(x, 4, 3)", 5, 5}, row{"atomic_cmpxchg" + suffix + "(x, 5, 3)", 5, 3},
			row{"atomic_add_return" + suffix + "(3, x)", 8, 8}, row{"atomic_fetch_add" + suffix + "(3, x)", 5, 8},
			row{"atomic_sub_return" + suffix + "(3, x)", 2, 2}, row{"atomic_fetch_sub" + suffix + "(3, x)", 5, 2},
			row{"atomic_inc_return" + suffix + "(x)", 6, 6}, row{"atomic_fetch_inc" + suffix + "(x)", 5, 6},
			row{"atomic_dec_return" + suffix + "(x)", 4, 4}, row{"atomic_fetch_dec" + suffix + "(x)", 5, 4},
			row{"atomic_fetch_and" + suffix + "(4, x)", 5, 4}, row{"atomic_fetch_or" + suffix + "(2, x)", 5, 7},
			row{"atomic_fetch_xor" + suffix + "(1, x)", 5, 4}, row{"atomic_fetch_andnot" + suffix + "(1, x)", 5, 4},
			row{"atomic_add_negative" + suffix + "(-6, x)", 1, -1}, row{"atomic_add_negative" + suffix + "(-5, x)", 0, 0},
		)
	}
	rows = append(rows,
		row{"atomic_sub_and_test(5, x)", 1, 0}, row{"atomic_sub_and_test(4, x)", 0, 1}, row{"atomic_dec_and_test(x)", 0, 4}, row{"atomic_inc_and_test(x)", 0, 6},
		row{"atomic_add_unless(x, 3, 5)", 0, 5}, row{"atomic_add_unless(x, 3, 4)", 1, 8}, row{"atomic_fetch_add_unless(x, 3, 4)", 5, 8}, row{"atomic_inc_not_zero(x)", 1, 6},
		row{"atomic_read(x)", 5, 5}, row{"atomic_read_acquire(x)", 5, 5}, row{"atomic_long_read(x)", 5, 5}, row{"atomic64_add_return(1, x)", 6, 6},
		row{"READ_ONCE(*x)", 5, 5}, row{"rcu_dereference(*x)", 5, 5}, row{"smp_load_acquire(x)", 5, 5}, row{"*x", 5, 5}, row{"x[0]", 5, 5}, row{"*(x + 0)", 5, 5}, row{"*&*x", 5, 5},
		row{"7 - 2 * 3", 1, 5}, row{"(7 & 3) | 8 ^ 1", 11, 5}, row{"1 << 3 >> 1", 4, 5}, row{"!0 + !7", 1, 5}, row{"~0 + 2", 1, 5}, row{"-3 / 2 + 7 % 4", 2, 5},
		row{"1 < 2 == 1", 1, 5}, row{"3 >= 4 || 2 <= 2 && 5 != 5", 0, 5}, row{"0 ? 1 : 0 ? 2 : 3", 3, 5}, row{"x == x", 1, 5}, row{"0 && *x", 0, 5}, row{"1 || *x", 1, 5},
	)
	for _, c := range []struct {
		call   string
		memory int
	}{
		{"atomic_add(3, x)", 8},
		{"atomic_sub(3, x)", 2},
		{"atomic_inc(x)", 6},
		{"atomic_dec(x)", 4},
		{"atomic_and(4, x)", 4},
		{"atomic_or(2, x)", 7},
		{"atomic_xor(1, x)", 4},
		{"atomic_andnot(1, x)", 4},
		{"atomic_set(x, 9)", 9},
		{"atomic_set_release(x, 9)", 9},
		{"WRITE_ONCE(*x, 9)", 9},
		{"smp_store_release(x, 9)", 9},
		{"smp_store_mb(*x, 9)", 9},
		{"rcu_assign_pointer(*x, 9)", 9},
		{"*x = 9", 9},
		{"x[0] = 9", 9},
		{"*(int *)x = 9", 9},
		{"smp_read_barrier_depends()", 5},
		{"synchronize_rcu_expedited()", 5},
	} {
		rows = append(rows, row{"; " + c.call, 0, c.memory})
	}
	for _, c := range rows {
		body := "int r = " + c.call + ";"
		if void, ok := strings.CutPrefix(c.call, "; "); ok {
			body = void + ";"
		}
		test := parse(t, fmt.Sprintf("C call\n{ x=5; }\nP0(int *x)\n{\n\t%s\n}\nexists (0:r=%d /\\ x=%d)\n", body, c.result, c.memory))
		for m := SC; m <= LKMM; m++ {
			if r := answer(t, test, m, none); r.Verdict() != Always {
				t.Errorf("%s under %s: %s, %v", c.call, m, r.Verdict(), r.States)
			}
		}
	}
}
