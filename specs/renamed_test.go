package specs

import "testing"

// TestRenamed: every name of before leads to a spec that there is, and is itself no spec any more.
func TestRenamed(t *testing.T) {
	for old, now := range renamed {
		if _, err := FS.ReadFile(now + ".pmd"); err != nil {
			t.Error(err)
		}
		if _, err := FS.ReadFile(old + ".pmd"); err == nil {
			t.Errorf("%s is still there", old)
		}
		if Current(old) != now || Current(now) != now {
			t.Errorf("%s is %s, and %s is %s", old, Current(old), now, Current(now))
		}
	}
}
